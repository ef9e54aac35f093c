//! One run of the gateway under callgrind.

use std::{
    fs,
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use xtask::{http, options::Workload, ports};

use super::{Bench, Build, Case, CountError};
use crate::{
    load::{self, Plan, Work},
    peer::{
        Running,
        gateway::{File, SECRET},
    },
};

/// Few enough that the load never waits long under valgrind, enough that requests overlap.
const CONNECTIONS: usize = 16;

/// For a run as a whole: valgrind makes a program some fifty times slower.
const DEADLINE: Duration = Duration::from_mins(10);

/// For one answer of the admin listener.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run has shown.
pub(super) struct Pass {
    /// Of the whole process, from its start to its end.
    pub(super) instructions: u64,
    /// As the gateway counted them.
    pub(super) requests: u64,
}

impl Bench<'_> {
    /// 1. Start. 2. Load. 3. Ask how many requests it were. 4. End, so that callgrind writes its file, and read that.
    pub(super) fn pass(&self, build: &Build, case: Case, requests: u64) -> Result<Pass, CountError> {
        let io = |what| move |source| CountError::Io { what, source };
        // 1.
        let [listen, admin] = [ports::free_address(), ports::free_address()];
        let (listen, admin) = (listen.map_err(io("a free port"))?, admin.map_err(io("a free port"))?);
        let directory = self.directory.path().join(listen.port().to_string());
        fs::create_dir_all(&directory).map_err(io("a directory"))?;
        let rules = case.rules(&self.keys, &directory).map_err(io("the keys' files"))?;
        let file = directory.join("gateway.toml");
        // Without probes: they would be counted by time, not by requests.
        let text = File { listen, admin, upstream: self.upstream, tls: "", health: false, rules: &rules }.text();
        fs::write(&file, text).map_err(io("gateway.toml"))?;
        let output = directory.join("callgrind.out");
        let mut command = Command::new(&self.valgrind);
        command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", output.display()));
        command.arg(&build.program).args(["run", "--config"]).arg(&file).env(SECRET, self.keys.secret());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let fields = case.fields(&self.keys)?;
        let running = Running::start(&build.name, &mut command, self.options.core, listen, &fields, self.interrupt)?;
        // 2.
        let plan = Plan {
            work: Work::with_fields(Workload::Get, listen, &[fields]),
            connections: CONNECTIONS,
            warm_up: Duration::ZERO,
            time: DEADLINE,
            max_requests: requests,
            ..Plan::new(listen, Workload::Get)
        };
        let report = load::run(&plan, self.interrupt)?;
        if let Some(first) = report.first_error {
            return Err(CountError::Failing { count: report.errors, first });
        }
        // 3.
        let requests = counted(admin)?;
        // 4.
        running.stop().map_err(io("the end of the gateway"))?;
        let text = fs::read_to_string(&output).map_err(io("callgrind's file"))?;
        let instructions = totals(&text).ok_or(CountError::NoTotals)?;
        Ok(Pass { instructions, requests })
    }
}

/// How many requests the gateway has had. The last of them may end a moment after the load: asked until two answers
/// agree.
fn counted(admin: SocketAddr) -> Result<u64, CountError> {
    let ask = || {
        let answer = http::get(admin, "/metrics", PATIENCE);
        let answer = answer.map_err(|source| CountError::Io { what: "the gateway's metrics", source })?;
        requests_total(&answer.body).ok_or(CountError::Nothing)
    };
    let mut last = ask()?;
    loop {
        let now = ask()?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
}

/// The sum over all labels; `None` when there is no such metric.
fn requests_total(metrics: &str) -> Option<u64> {
    let samples = metrics.lines().filter(|line| line.starts_with("gateway_requests_total{"));
    let mut numbers = samples.map(|line| line.rsplit_once(' ')?.1.trim().parse::<u64>().ok());
    let first = numbers.next()??;
    numbers.try_fold(first, |sum, number| Some(sum + number?))
}

/// The first event's total, which is instructions unless callgrind is told otherwise. A file ends with `totals:`; one
/// that was dumped in between has `summary:`.
fn totals(text: &str) -> Option<u64> {
    let number = |name: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    number("totals:").or_else(|| number("summary:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_a_file() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(totals(text), expected, "{text:?}");
        check("events: Ir\nsummary: 12\n\nfn=(1)\n0 3\n\ntotals: 345\n", Some(345));
        check("events: Ir Dr\nsummary: 12 3\n", Some(12));
        check("totals: 7 1 1\n", Some(7));
        check("events: Ir\n", None);
        check("", None);
    }

    #[test]
    fn requests_of_all_labels() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(requests_total(text), expected, "{text:?}");
        let two = "# HELP gateway_requests_total Requests\n\
                   gateway_requests_total{route=\"/\",status=\"200\"} 300\n\
                   gateway_requests_total{route=\"a b\",status=\"499\"} 2\n\
                   gateway_connections 9\n";
        check(two, Some(302));
        check("gateway_requests_total{} x\n", None);
        check("gateway_connections 9\n", None);
    }
}
