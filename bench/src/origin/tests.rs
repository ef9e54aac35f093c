use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use super::*;

fn origin() -> SocketAddr {
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    // Serves until the test's process ends.
    thread::spawn(move || serve(listener));
    address
}

/// Sends the parts, each as a write of its own, and reads until the origin closes.
fn exchange(parts: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(origin()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for part in parts {
        stream.write_all(part).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn bodies(answer: &str) -> Vec<usize> {
    let lengths = answer.lines().filter_map(|line| line.strip_prefix("Content-Length: "));
    lengths.map(|length| length.parse().unwrap()).collect()
}

#[test]
fn a_connection_is_kept_until_close_is_asked() {
    let answer = exchange(&[
        b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /64k HTTP/1.1\r\n",
        b"Host: a\r\nConnection: close\r\n\r\n",
    ]);
    assert_eq!(bodies(&answer), [SMALL, OK, LARGE]);
    assert!(answer.len() > SMALL + OK + LARGE);
}

#[test]
fn bodies_by_length_and_in_chunks() {
    let answer = exchange(&[
        b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
        b"lo",
        b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"llo\r\n0\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ]);
    assert_eq!(bodies(&answer), [OK, OK, 12]);
    assert!(answer.contains("404 Not Found"));
}

#[test]
fn what_is_not_http_is_closed() {
    assert_eq!(exchange(&[b"\x16\x03\x01\r\n\r\n"]), "");
}
