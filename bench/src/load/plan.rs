//! What the load is to do.

use std::{net::SocketAddr, time::Duration};

use xtask::options::Workload;

use crate::origin;

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
    /// What passes before anything counts.
    pub warm_up: Duration,
    /// What is measured.
    pub time: Duration,
    /// The run ends early after so many measured requests.
    pub max_requests: u64,
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
            warm_up: Duration::from_secs(1),
            time: Duration::from_secs(4),
            max_requests: MAX_REQUESTS,
            watch: None,
        }
    }
}

/// A request, ready to be written, and what its answer must be.
#[derive(Clone, Debug)]
pub struct Work {
    /// The bytes of the request.
    pub request: Vec<u8>,
    /// The answer's body has this length.
    pub answer: u64,
    /// Every request asks for the end of its connection.
    pub closes: bool,
}

impl Work {
    /// What `workload` sends to `address`: the fields are those that a common client sends.
    pub fn new(workload: Workload, address: SocketAddr) -> Self {
        let head = |line: &str, more: &str| {
            format!("{line} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench\r\nAccept: */*\r\n{more}\r\n").into_bytes()
        };
        let (request, answer) = match workload {
            Workload::Get | Workload::Idle | Workload::Start => (head("GET /small", ""), origin::SMALL),
            Workload::Newconn => (head("GET /small", "Connection: close\r\n"), origin::SMALL),
            Workload::Get64k => (head("GET /64k", ""), origin::LARGE),
            Workload::Post10k => {
                let mut request = head("POST /upload", &format!("Content-Length: {UPLOAD}\r\n"));
                request.resize(request.len() + UPLOAD, b'x');
                (request, origin::OK)
            }
        };
        Self { request, answer: answer as u64, closes: workload == Workload::Newconn }
    }
}
