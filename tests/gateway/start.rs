//! SPEC §1: how a gateway starts, or says why it does not.
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use e2e::{Gateway, Run, Upstream, eventually, write_file};

fn file(listen: SocketAddr, admin: &str) -> String {
    format!(
        "server.listen = '{listen}'\nserver.workers = 1\nadmin.listen = '{admin}'\n[services.a]\n\
         upstreams = ['http://127.0.0.1:9']\nroutes = ['/']\n"
    )
}

#[test]
fn a_port_that_is_taken_is_said_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let free = "127.0.0.1:0".parse().unwrap();
    for (toml, key) in
        [(file(address, "127.0.0.1:0"), "server.listen"), (file(free, &address.to_string()), "admin.listen")]
    {
        let (folder, _) = write_file(&toml);
        let run = Run::of(folder.path(), &["run"]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains(&address.to_string()) && run.stderr.contains(key), "{run:?}");
        assert!(run.stderr.contains("another process"), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "one sentence: {run:?}");
        assert_eq!(run.stdout, "");
    }
    // A gateway that runs already has the port as well, though its sockets would let another one in.
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let (folder, _) = write_file(&file(gateway.address, "127.0.0.1:0"));
    let mut second = e2e::Process::spawn(e2e::gateway(folder.path()).arg("run"));
    let code = eventually("the second gateway gives up, or begins to serve", || {
        let listens = second.stderr.all().iter().any(|line| line.contains("listening"));
        if second.is_running() { listens.then_some(None) } else { Some(second.wait().code()) }
    });
    assert_eq!(code, Some(2), "two gateways must not share a port unnoticed");
    assert!(gateway.connect().stays_silent(Duration::from_millis(1)));
}

#[test]
fn several_listeners_serve_alike() {
    let (folder, _) = write_file(
        &file("127.0.0.1:0".parse().unwrap(), "127.0.0.1:0")
            .replace("server.listen = '127.0.0.1:0'", "server.listen = ['127.0.0.1:0', '[::1]:0']"),
    );
    let process = e2e::Process::spawn(e2e::gateway(folder.path()).arg("run"));
    let line =
        process.stderr.find("the line with the addresses", |line| line.contains("listening").then(|| line.to_owned()));
    let urls = line.split(" with ").next().unwrap().strip_prefix("gateway listening on ").unwrap();
    for url in urls.split(", ") {
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{url}: {answer}");
    }
    assert_eq!(urls.split(", ").count(), 2);
}
