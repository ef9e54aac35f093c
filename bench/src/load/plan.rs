//! What the load is to do.

use std::{net::SocketAddr, time::Duration};

use xtask::options::Workload;

use crate::{origin, tls::Client};

/// Length of the body that `post10k` uploads.
const UPLOAD: usize = 10 * 1024;

/// The most requests of a run, whatever its time: a bound on what a forgotten load can do.
const MAX_REQUESTS: u64 = 50_000_000;

/// One run of the load.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the requests go: a loopback address.
    pub address: SocketAddr,
    /// What is asked.
    pub work: Work,
    /// How many clients there are at once.
    pub connections: usize,
    /// Requests a second, due at even distances, of HTTP/1.1 clients; without it each client asks again at once.
    pub rate: Option<f64>,
    /// How many clients there are beside them that take their time.
    pub slow: usize,
    /// What passes before anything counts.
    pub warm_up: Duration,
    /// What is measured.
    pub time: Duration,
    /// The run ends early after so many measured requests.
    pub max_requests: u64,
    /// How its clients speak TLS, if they do; with HTTP/2 where [`Client::is_h2`].
    pub tls: Option<Client>,
    /// The process whose tree's CPU time and memory are read.
    pub watch: Option<u32>,
}

impl Plan {
    /// A run of `workload` against `address` with 256 connections, a second of warm-up and 4 s of measurement.
    pub fn new(address: SocketAddr, workload: Workload) -> Self {
        Self {
            address,
            work: Work::new(workload, address),
            connections: 256,
            rate: None,
            slow: 0,
            warm_up: Duration::from_secs(1),
            time: Duration::from_secs(4),
            max_requests: MAX_REQUESTS,
            tls: None,
            watch: None,
        }
    }
}

/// Requests, ready to be written, and what each answer must be.
#[derive(Clone, Debug)]
pub struct Work {
    /// The bytes of the requests, which are sent in turn; mostly there is but one, and there is always one.
    pub requests: Vec<Vec<u8>>,
    /// The answer's body has this length; any, where answers differ.
    pub answer: Option<u64>,
    /// Every request asks for the end of its connection.
    pub closes: bool,
}

impl Work {
    /// What `workload` sends to `address`: the fields are those that a common client sends, without a token.
    pub fn new(workload: Workload, address: SocketAddr) -> Self {
        Self::with_fields(workload, address, &[String::new()])
    }

    /// Requests that are given whole, and any answer of status 200.
    pub fn of(requests: Vec<Vec<u8>>) -> Self {
        Self { requests, answer: None, closes: false }
    }

    /// The same, once with each of `fields` (one or more; whole lines, each ended by CR LF).
    pub fn with_fields(workload: Workload, address: SocketAddr, fields: &[String]) -> Self {
        let (line, more, upload, answer) = match workload {
            Workload::Get
            | Workload::GetPaced
            | Workload::GetSlowClients
            | Workload::GetTls
            | Workload::GetH2
            | Workload::GetHs256
            | Workload::GetHs256Many
            | Workload::GetEddsa
            | Workload::GetRs256
            | Workload::Idle
            | Workload::Start => ("GET /small", String::new(), 0, origin::SMALL),
            Workload::Newconn | Workload::NewconnTls | Workload::NewconnTlsResumed => {
                ("GET /small", "Connection: close\r\n".into(), 0, origin::SMALL)
            }
            Workload::Get64k => ("GET /64k", String::new(), 0, origin::LARGE),
            Workload::Post10k => ("POST /upload", format!("Content-Length: {UPLOAD}\r\n"), UPLOAD, origin::OK),
        };
        let request = |fields: &String| {
            let common = format!("Host: {address}\r\nUser-Agent: bench\r\nAccept: */*\r\n");
            let mut request = format!("{line} HTTP/1.1\r\n{common}{fields}{more}\r\n").into_bytes();
            request.resize(request.len() + upload, b'x');
            request
        };
        let requests = fields.iter().map(request).collect();
        let closes = matches!(workload, Workload::Newconn | Workload::NewconnTls | Workload::NewconnTlsResumed);
        Self { requests, answer: Some(answer as u64), closes }
    }
}
