//! `<service> health`: asks the service that runs with the same settings how it is, for a container's
//! health check and for scripts. It needs neither curl nor a shell in the image.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use super::About;
use crate::settings::{Common, Reader, Source};

/// For the connection and for each read: above what `/health` gives its own checks.
const PATIENCE: Duration = Duration::from_secs(2);
/// More than `/health` ever answers.
const LIMIT: u64 = 64 * 1024;

/// Prints what `/health` answers, and exits 0 when that is 200. Everything else is 1, with the reason
/// on stderr: of the other codes an engine knows none.
pub(super) fn ask(about: &About) -> ExitCode {
    let mut reader = Reader::new(Source::from_process());
    let common = Common::read(&mut reader, about.name, about.port);
    if let Err(faults) = reader.finish() {
        for fault in faults {
            eprintln!("{}: {fault}", about.name);
        }
        return ExitCode::FAILURE;
    }
    let address = reachable(common.listen);
    match get(address) {
        Ok((200, body)) => {
            println!("{body}");
            ExitCode::SUCCESS
        }
        Ok((status, body)) => {
            eprintln!("{}: http://{address}/health answers {status}: {body}", about.name);
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{}: http://{address}/health does not answer: {error}", about.name);
            ExitCode::FAILURE
        }
    }
}

/// Where this machine itself reaches what listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        own => own,
    };
    SocketAddr::new(ip, address.port())
}

/// The status and the body of `GET /health`.
fn get(address: SocketAddr) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0 has no chunks, and its connection ends with the answer.
    stream.write_all(format!("GET /health HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(LIMIT).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came is not HTTP/1"))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some((status, body.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_all_is_asked_by_loopback() {
        fn check(listen: &str, expected: &str) {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), expected);
        }
        check("0.0.0.0:8001", "127.0.0.1:8001");
        check("[::]:8001", "[::1]:8001");
        check("10.0.0.7:8001", "10.0.0.7:8001");
        check("127.0.0.1:8001", "127.0.0.1:8001");
    }

    #[test]
    fn answers() {
        fn check(answer: &str, expected: Option<(u16, &str)>) {
            assert_eq!(parse(answer), expected.map(|(status, body)| (status, body.to_owned())), "{answer:?}");
        }
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}\n", Some((200, "{}")));
        check("HTTP/1.0 503 No\r\n\r\n", Some((503, "")));
        check("HTTP/1.1 200 OK\r\nA: b\r\n", None);
        check("SSH-2.0-x\r\n\r\n", None);
        check("HTTP/1.1 \r\n\r\n", None);
    }
}
