//! The table of a workload whose rate is the same for all: what is compared is how long an answer takes.

use comfy_table::Table;

use super::{Row, cells, new, number, percent, spread};
use crate::load::Report;

/// A row a proxy, and one more for each under another circumstance, told after a comma. The ratios are of the 99th
/// percentile: against nginx in the same circumstance, and against the proxy itself without it.
pub(super) fn latency(rows: &[Row]) -> Table {
    let mut table = new(&[
        "proxy",
        "p99 ms",
        "÷ nginx",
        "÷ alone",
        "p50 ms",
        "longest ms",
        "requests/s",
        "CPU µs/request",
        "core busy",
        "errors",
    ]);
    let named = |name: &str| rows.iter().find(|row| row.name == name);
    let p99 = |report: &Report| Some(report.p99_us);
    for row in rows {
        let (proxy, circumstance) = row.name.split_once(", ").unwrap_or((&row.name, ""));
        let peer = if circumstance.is_empty() { "nginx".to_owned() } else { format!("nginx, {circumstance}") };
        let ratio = |other: &str| match named(other) {
            Some(other) if other.name == row.name => "1".to_owned(),
            other => spread(other.and_then(|other| row.ratio_of(other, p99)), 2),
        };
        let milliseconds = |of: fn(&Report) -> f64| spread(row.spread(|report| Some(of(report) / 1e3)), 2);
        table.add_row(cells(
            &row.name,
            [
                milliseconds(|report| report.p99_us),
                ratio(&peer),
                ratio(proxy),
                milliseconds(|report| report.p50_us),
                milliseconds(|report| report.max_us),
                number(row.spread(|report| Some(report.rate)).map(|rate| rate.median), 0),
                spread(row.spread(|report| report.cpu_us), 2),
                percent(row.spread(Report::busy).map(|busy| busy.median)),
                row.errors().to_string(),
            ],
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Outcome;

    fn row(name: &str, p99_us: f64) -> Row {
        let report = Report {
            requests: 1,
            errors: 0,
            first_error: None,
            reconnects: 0,
            seconds: 1.0,
            rate: 1.0,
            p50_us: 1.0,
            p99_us,
            max_us: 1.0,
            spent: None,
            cpu_us: None,
        };
        Row { name: name.to_owned(), rounds: vec![Outcome::Measured(report)] }
    }

    #[test]
    fn each_is_compared_with_its_own_kind() {
        let rows = [row("gateway", 10.0), row("gateway, slow", 30.0), row("nginx", 20.0), row("nginx, slow", 40.0)];
        let text = latency(&rows).to_string();
        let ratios: Vec<Vec<&str>> = text
            .lines()
            .skip(2)
            .map(|line| line.split('|').skip(3).take(2).map(|cell| cell.split_whitespace().next().unwrap()).collect())
            .collect();
        assert_eq!(ratios, [["0.50", "1"], ["0.75", "3.00"], ["1", "1"], ["1", "2.00"]]);
    }
}
