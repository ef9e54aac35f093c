//! `gateway health`: asks the gateway that serves a file how it is, for a container's health check and for scripts. It
//! needs neither curl nor a shell in the image.
use std::{
    fmt,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::config::Config;

/// For the connection and for each read. The gateway answers from what it knows, so that this is long.
const PATIENCE: Duration = Duration::from_secs(2);
/// More than `/health` ever answers.
const LIMIT: u64 = 1024 * 1024;

/// What came instead of a healthy answer.
#[derive(Debug)]
pub enum HealthError {
    /// `server.listen` says port 0: which port it became, only the running gateway knows.
    AnyPort,
    /// No answer, or none in HTTP.
    Silent(SocketAddr, io::Error),
    /// Another status than 200, with the body: some critical service has no healthy upstream.
    Unhealthy(u16, String),
}

impl fmt::Display for HealthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyPort => f.write_str("`server.listen` has port 0: where the gateway listens is in its first line."),
            Self::Silent(address, error) => write!(f, "http://{address}/health does not answer: {error}"),
            Self::Unhealthy(status, body) => write!(f, "/health answers {status}: {body}"),
        }
    }
}

impl std::error::Error for HealthError {}

/// The body of `GET /health` when its status is 200, which stands for `healthy` and for `degraded`.
///
/// Asks the first address of `server.listen`, by loopback where that is all addresses, and waits 2 s at most for each
/// step.
pub fn ask_health(config: &Config) -> Result<String, HealthError> {
    let listen = *config.server.listen.first().expect("a checked configuration has a listener");
    if listen.port() == 0 {
        return Err(HealthError::AnyPort);
    }
    let address = reachable(listen);
    match get(address) {
        Ok((200, body)) => Ok(body),
        Ok((status, body)) => Err(HealthError::Unhealthy(status, body)),
        Err(error) => Err(HealthError::Silent(address, error)),
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

fn get(address: SocketAddr) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(LIMIT).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came is not HTTP/1"))
}

/// Status and body; `/health` is never chunked.
fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some((status, body.trim().to_owned()))
}
