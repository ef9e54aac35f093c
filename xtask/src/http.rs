//! One request over a new connection: enough to ask a server whether it is up, and for a little more.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// An answer: its status, and what followed the head, as it came (a chunked body still has its chunk sizes).
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, cut off at 64 KiB.
    pub body: String,
}

const LIMIT: u64 = 64 * 1024;

/// Sends `GET path` to `address`. `timeout` holds for the connect and for each read.
pub fn get(address: SocketAddr, path: &str, timeout: Duration) -> io::Result<Answer> {
    get_with(address, path, "", timeout)
}

/// The same with more fields, each ended by CR LF.
pub fn get_with(address: SocketAddr, path: &str, fields: &str, timeout: Duration) -> io::Result<Answer> {
    send(address, &format!("GET {path}"), fields, "", timeout)
}

/// Sends `json` by `POST path`, with more fields, each ended by CR LF.
pub fn post(address: SocketAddr, path: &str, fields: &str, json: &str, timeout: Duration) -> io::Result<Answer> {
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n{fields}", json.len());
    send(address, &format!("POST {path}"), &fields, json, timeout)
}

fn send(address: SocketAddr, line: &str, fields: &str, body: &str, timeout: Duration) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n{body}");
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(LIMIT).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{address} did not answer in HTTP/1")))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |text: &str, expected: Option<(u16, &str)>| {
            let answer = parse(text);
            assert_eq!(answer.as_ref().map(|a| (a.status, a.body.as_str())), expected, "{text:?}");
        };
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello", Some((200, "hello")));
        check("HTTP/1.0 503 No\r\n\r\n", Some((503, "")));
        check("HTTP/1.1 200 OK\r\nA: b\r\n", None);
        check("SSH-2.0-x\r\n\r\n", None);
        check("HTTP/1.1 \r\n\r\n", None);
    }
}
