//! The flags of `cargo xtask bench` and its kin. They stand here so that `cargo xtask bench --help` can explain them
//! without compiling the `bench` crate, which takes the same flags and does the work.

use clap::{Args, ValueEnum};

mod load;

pub use load::{Arrivals, FailOn, Load, duration};

/// What to measure, against whom and for how long.
#[derive(Args, Clone, Debug)]
// Its name would be taken where a variant that holds it is called the same.
#[group(skip)]
pub struct Compare {
    /// How many rounds; each takes every proxy once, in an order that changes, and what is printed is the median
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,

    /// The length of one measurement, in seconds (fractions are fine); many short rounds stray less than few long ones
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub seconds: f64,

    /// Keep-alive connections of the load
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,

    /// Idle connections whose memory is measured
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub idle_connections: u32,

    /// Only these proxies: gateway, nginx, haproxy, or a --peer's name
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub only: Vec<String>,

    /// Only these workloads
    #[arg(long, value_delimiter = ',', value_name = "WORKLOAD,…")]
    pub workload: Vec<Workload>,

    /// One more proxy: a name and a command with {listen} and {upstream} (each IP:PORT); may be given again
    #[arg(long, value_name = "NAME=COMMAND")]
    pub peer: Vec<String>,

    /// The core that each proxy is pinned to
    #[arg(long, default_value_t = 0)]
    pub core: usize,

    /// The core of the load and the origin
    #[arg(long, default_value_t = 1)]
    pub load_core: usize,

    /// Record each proxy once more with perf, for each workload, and print where its time goes
    #[arg(long)]
    pub perf: bool,

    /// Write the tables to bench/RESULTS.md, with the machine they come from
    #[arg(long)]
    pub write: bool,
}

/// How long to measure the system in its two modes.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Dual {
    /// How many rounds; each takes both modes, and what is printed is the median
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,

    /// The length of one measurement, in seconds
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,

    /// Clients at once, where there are many
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    pub connections: u32,

    /// Write the table to bench/DUAL.md, with the machine it comes from
    #[arg(long)]
    pub write: bool,
}

/// What to count the instructions of.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Instructions {
    /// A gateway binary to count, as PATH or NAME=PATH; several stand side by side. Without it `cargo xtask` builds one
    #[arg(long, value_name = "[NAME=]PATH")]
    pub gateway: Vec<String>,

    /// How many requests the shorter of the two runs takes; the longer takes three times as many
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub requests: u64,

    /// The core of the gateway
    #[arg(long, default_value_t = 0)]
    pub core: usize,

    /// The core of the load and the origin
    #[arg(long, default_value_t = 1)]
    pub load_core: usize,
}

/// A kind of work for a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Workload {
    /// A small GET on kept-alive connections
    Get,
    /// A GET of 64 KiB
    Get64k,
    /// A POST of 10 KiB
    Post10k,
    /// A small GET on a new connection each
    Newconn,
    /// A small GET at 70 % of the rate that nginx can do: latencies, each from the moment that its request was due
    GetPaced,
    /// The same at 30 %, with and without 1,000 clients beside them that send and read slowly
    GetSlowClients,
    /// A small GET over TLS on kept-alive connections
    GetTls,
    /// A small GET on a new TLS connection each: a full handshake, without a session of before
    NewconnTls,
    /// The same, with the session of the connection before
    NewconnTlsResumed,
    /// A small GET over HTTP/2 on TLS, sixteen streams at once on each connection
    GetH2,
    /// A small GET with an HS256 token, under rules: token, limit, request id, metrics, log
    GetHs256,
    /// The same with 20,000 tokens in turn, more than any cache of verified tokens should hold
    GetHs256Many,
    /// The same with one EdDSA token
    GetEddsa,
    /// The same with one RS256 token
    GetRs256,
    /// Many connections that do nothing after one request each: their memory
    Idle,
    /// From the start of the process to the first forwarded answer
    Start,
}

impl Workload {
    /// Whether its clients speak TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::GetTls | Self::NewconnTls | Self::NewconnTlsResumed | Self::GetH2)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Get64k => "get64k",
            Self::Post10k => "post10k",
            Self::Newconn => "newconn",
            Self::GetPaced => "get-paced",
            Self::GetSlowClients => "get-slow-clients",
            Self::GetTls => "get-tls",
            Self::NewconnTls => "newconn-tls",
            Self::NewconnTlsResumed => "newconn-tls-resumed",
            Self::GetH2 => "get-h2",
            Self::GetHs256 => "get-hs256",
            Self::GetHs256Many => "get-hs256-many",
            Self::GetEddsa => "get-eddsa",
            Self::GetRs256 => "get-rs256",
            Self::Idle => "idle",
            Self::Start => "start",
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.1..=600.0).contains(&seconds) { Ok(seconds) } else { Err("expected 0.1 to 600".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_bounded() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for refused in ["0", "601", "-1", "NaN", "x"] {
            assert!(seconds(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn names_are_what_clap_takes() {
        for workload in Workload::value_variants() {
            assert_eq!(workload.to_possible_value().unwrap().get_name(), workload.name());
        }
    }
}
