//! The shipped gateway.toml, on other ports and without its limit.
use std::{fs, path::Path};

use super::shipped;

/// Writes it into `folder`, to listen on the port `front`; `port` says where a service listens.
pub(super) fn write(folder: &Path, front: u16, port: impl Fn(&str) -> u16) {
    let mut toml = shipped();
    let mut replace = |from: &str, to: &str| {
        assert!(toml.contains(from), "the shipped file has no {from} any more: update this test");
        toml = toml.replace(from, to);
    };
    replace("0.0.0.0:8000", &format!("127.0.0.1:{front}"));
    replace("127.0.0.1:8900", "127.0.0.1:0");
    replace("requests = 100\n", "requests = 1000000\n");
    for (service, usual) in
        [("user", 8001), ("task", 8002), ("notification", 8003), ("vacancy", 8005), ("ticket", 8006)]
    {
        replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{}", port(service)));
    }
    fs::write(folder.join("gateway.toml"), toml).expect("the folder takes a file");
}
