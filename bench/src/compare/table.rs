//! The results as tables, in Markdown, which reads as well on a terminal.

mod latency;
mod throughput;

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};
use xtask::options::Workload;

use super::{
    Spread,
    results::{Outcome, Results, Row},
};
use latency::latency;
use throughput::throughput;

const MIB: f64 = 1024.0 * 1024.0;

/// One table a workload, each under its heading.
pub(super) fn all(results: &Results) -> String {
    let mut text = String::new();
    for (workload, rows) in results.workloads() {
        let (title, table) = match workload {
            Workload::Idle => ("Idle keep-alive connections", idle(rows)),
            Workload::Start => ("From the start of the process to the first forwarded answer", start(rows)),
            Workload::Get => ("Small GET (100 bytes), keep-alive", throughput(rows)),
            Workload::Get64k => ("GET of 64 KiB, keep-alive", throughput(rows)),
            Workload::Post10k => ("POST of 10 KiB, keep-alive", throughput(rows)),
            Workload::Newconn => ("Small GET, a new connection each", throughput(rows)),
            Workload::GetPaced => {
                ("Small GET at 70 % of nginx's maximum: latency from the moment it was due", latency(rows))
            }
            Workload::GetSlowClients => {
                ("Small GET at 30 % of nginx's maximum, without and with 1,000 slow clients beside", latency(rows))
            }
            Workload::GetTls => ("Small GET over TLS 1.3, keep-alive", throughput(rows)),
            Workload::NewconnTls => ("Small GET, a new TLS connection each: a full handshake", throughput(rows)),
            Workload::NewconnTlsResumed => {
                ("Small GET, a new TLS connection each: a resumed handshake", throughput(rows))
            }
            Workload::GetH2 => ("Small GET over HTTP/2 on TLS, 16 streams a connection", throughput(rows)),
            Workload::GetHs256 => ("Small GET with rules, HS256", throughput(rows)),
            Workload::GetHs256Many => ("Small GET with rules, HS256, 20,000 tokens in turn", throughput(rows)),
            Workload::GetEddsa => ("Small GET with rules, EdDSA", throughput(rows)),
            Workload::GetRs256 => ("Small GET with rules, RS256", throughput(rows)),
        };
        let _ = writeln!(text, "## {title}\n\n{table}");
        for row in rows {
            if let Some(why) = row.failure() {
                let _ = writeln!(text, "\n{}: {why}", row.name);
            }
        }
        text.push('\n');
    }
    text
}

fn idle(rows: &[Row]) -> Table {
    let mut table = new(&["proxy", "bytes/connection", "connections", "closed", "RSS before MiB", "RSS with them MiB"]);
    for row in rows {
        for round in &row.rounds {
            let Outcome::Idle(report) = round else {
                continue;
            };
            table.add_row(cells(
                &row.name,
                [
                    number(Some(report.each()), 0),
                    report.connections.to_string(),
                    report.closed.to_string(),
                    number(Some(bytes(report.before) / MIB), 1),
                    number(Some(bytes(report.after) / MIB), 1),
                ],
            ));
        }
    }
    table
}

fn start(rows: &[Row]) -> Table {
    let mut table = new(&["proxy", "median ms", "shortest ms", "longest ms"]);
    for row in rows {
        let times: Vec<f64> = row
            .rounds
            .iter()
            .filter_map(|round| if let Outcome::Started(time) = round { Some(time.as_secs_f64() * 1e3) } else { None })
            .collect();
        table.add_row(cells(
            &row.name,
            [
                spread(Spread::of(times.iter().copied()), 1),
                number(times.iter().copied().reduce(f64::min), 1),
                number(times.iter().copied().reduce(f64::max), 1),
            ],
        ));
    }
    table
}

fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header.to_vec());
    table
}

fn cells<const N: usize>(name: &str, numbers: [String; N]) -> Vec<Cell> {
    let numbers = numbers.into_iter().map(|number| Cell::new(number).set_alignment(CellAlignment::Right));
    [Cell::new(name)].into_iter().chain(numbers).collect()
}

fn spread(value: Option<Spread>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.shown(digits))
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

fn percent(value: Option<f64>) -> String {
    number(value.map(|value| value * 100.0), 0) + " %"
}

#[expect(clippy::cast_precision_loss, reason = "memory of a process is far below 2^52 bytes")]
fn bytes(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_start_and_a_failure() {
        let mut results = Results::default();
        for milliseconds in [30, 10, 20] {
            results.add(Workload::Start, "nginx", Outcome::Started(Duration::from_millis(milliseconds)));
        }
        results.add(Workload::Get, "haproxy", Outcome::Failed("refused".into()));
        let text = all(&results);
        let row = text.lines().find(|line| line.starts_with("| nginx")).unwrap();
        assert_eq!(
            row.split_whitespace().collect::<Vec<_>>(),
            ["|", "nginx", "|", "20.0", "±10.0", "|", "10.0", "|", "30.0", "|"]
        );
        assert!(text.contains("haproxy: refused"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("| haproxy") && line.contains('–')), "{text}");
    }
}
