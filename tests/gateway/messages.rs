//! The gateway's own messages: whoever reads them, or does not, requests and signals are answered.
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::Command,
};

use e2e::{Client, Gateway, Process, Upstream, eventually, gateway, service, write_file};
use nix::sys::signal::Signal;

/// Lets somebody read stderr up to the line with the addresses, and then hold the pipe and read no more.
const STALLED: &str = "PATH=/usr/bin:/bin; mkfifo stalled; \
     { exec 3<stalled; read -r line <&3; echo \"$line\" >&2; exec sleep 30 >/dev/null 2>&1; } & exec 2>stalled";

#[test]
fn a_reader_that_stalls_holds_up_no_request_and_no_signal() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::under(STALLED, &upstream);
    // A message of some kilobytes for each of them: a pipe takes 64 KiB.
    let faults: Vec<String> = (0..60).map(|n| format!("server.no_such_key_{n} = 1\n")).collect();
    let faults = faults.concat();
    for n in 1..=40 {
        gateway.write(&format!("{faults}{}", service("app", &[&upstream], "")));
        gateway.signal(Signal::SIGHUP);
        let rejected =
            || gateway.metric("gateway_reloads_total{result=\"rejected\"}").filter(|&count| count >= f64::from(n));
        eventually("the file is refused", rejected);
    }
    assert_eq!(gateway.get("/").status(), 200);
    gateway.signal(Signal::SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_stderr_that_takes_nothing_keeps_nobody_from_starting() {
    let upstream = Upstream::ok();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (address, admin): (SocketAddr, SocketAddr) = (free(), free());
    let keys = format!("server.listen = '{address}'\nserver.workers = 1\nadmin.listen = '{admin}'\n");
    let (folder, _) = write_file(&format!("{keys}{}", service("app", &[&upstream], "")));
    let program = gateway(folder.path()).get_program().to_owned();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$0\" run 2>/dev/full"]).arg(program).env_clear().current_dir(folder.path());
    let mut process = Process::spawn(&mut shell);
    eventually("it accepts", || std::net::TcpStream::connect(address).ok());
    assert_eq!(Client::connect(address).get("/").status(), 200);
    process.signal(Signal::SIGTERM);
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_holds_up_no_signal() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::before(&upstream);
    fs::remove_file(gateway.file()).unwrap();
    assert!(Command::new("mkfifo").arg(gateway.file()).status().unwrap().success());
    gateway.signal(Signal::SIGHUP);
    assert_eq!(gateway.get("/").status(), 200);
    gateway.signal(Signal::SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
}
