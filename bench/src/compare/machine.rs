//! Where results come from: numbers without their machine say nothing.

use std::{fs, process::Command, thread};

use xtask::options::Compare;

use crate::peer::Peer;

/// The head of `bench/RESULTS.md`.
pub(super) fn heading(options: &Compare, peers: &[Peer], shown: &str) -> String {
    let Compare { rounds, seconds, connections, .. } = options;
    let versions: Vec<_> = peers.iter().filter_map(version).collect();
    format!(
        "# Measured beside its peers\n\n\
         Written by `{shown}`: {rounds} rounds of {seconds} s for each workload and proxy.\n\n\
         - **When:** {date}\n\
         - **Machine:** {machine}, TCP {congestion}\n\
         - **Versions:** {versions}\n\
         - **Set-up:** every proxy has one worker on one core, the load ({connections} connections) and the origin \
         share another. Each round takes every proxy once, in an order that changes from round to round.\n\
         - **Numbers:** `a ±b`: the median of the rounds, and the median of their distances from it, so that half of the \
         rounds lie within. A ratio is that of the CPU a request of two proxies in the same round; its median and spread \
         are those of these ratios. CPU is user and system time of the whole process tree, from its CPU clocks, divided \
         by the requests answered meanwhile; its split is sampled, and rough. Where `core busy` is well below 100 % the \
         load was the limit, so that the rate and the latency say little about that proxy. `disturbed` is the part of \
         the time in which the proxy waited because another process had its core: where it is not near 0 %, only the \
         ratios are worth reading.\n\
         - **Plain forward:** the peers write no access log; the gateway has its own, to /dev/null, as shipped.\n\
         - **With rules:** the gateway and HAProxy verify the token of every request (signature, `iss`, `aud`, `exp`), \
         hand on its `sub`, count the address against a limit that is never reached, give the request a UUID, write a \
         line of access log to /dev/null, and have metrics on. Each was sent forged, expired and missing tokens and more \
         requests than a low limit before, and refused them. nginx and Envoy have no rules here: they forward the same bytes. HAProxy \
         2.6 has no EdDSA: in that table it verifies RS256.\n",
        date = date(),
        machine = line(),
        congestion = file("/proc/sys/net/ipv4/tcp_congestion_control"),
        versions = [first_line("rustc", &["--version"])].into_iter().chain(versions).collect::<Vec<_>>().join(", "),
    )
}

/// Processor, cores and kernel.
pub(crate) fn line() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from).max(all_cores());
    format!("{}, {cores} cores, Linux {}", cpu(), file("/proc/sys/kernel/osrelease"))
}

fn version(peer: &Peer) -> Option<String> {
    match peer {
        Peer::Nginx(program) => Some(first_line(&program.to_string_lossy(), &["-v"]).replace("nginx version: ", "")),
        Peer::HAProxy(program) => {
            let line = first_line(&program.to_string_lossy(), &["-v"]);
            Some(line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
        }
        Peer::Envoy(program) => {
            Some(format!("Envoy {}", envoy_version(&output(&program.to_string_lossy(), &["--version"]))))
        }
        Peer::Gateway(_) | Peer::Command { .. } => None,
    }
}

/// Of `…/envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`: the second part.
fn envoy_version(said: &str) -> &str {
    said.split_once("version:").and_then(|(_, version)| version.split('/').nth(1)).unwrap_or("unknown")
}

/// The first line that a program writes, on either stream.
fn first_line(program: &str, arguments: &[&str]) -> String {
    output(program, arguments).lines().next().unwrap_or_default().to_owned()
}

/// All that it writes, on either stream.
fn output(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return format!("{program} unknown");
    };
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// The present minute, UTC.
pub(crate) fn date() -> String {
    let now = jiff::Timestamp::now().to_string();
    format!("{} UTC", now.get(..16).unwrap_or(&now).replace('T', " "))
}

fn cpu() -> String {
    let text = file("/proc/cpuinfo");
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| "an unknown CPU".to_owned(), |(_, name)| name.trim().to_owned())
}

/// Also the cores that this process, which is pinned, may not use.
fn all_cores() -> usize {
    file("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count()
}

fn file(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_envoy_says_of_itself() {
        assert_eq!(envoy_version("\n/usr/bin/envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL\n"), "1.40.0");
        assert_eq!(envoy_version("nothing"), "unknown");
    }
}
