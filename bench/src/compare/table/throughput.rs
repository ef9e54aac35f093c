//! The table of a workload that is counted in requests.

use comfy_table::Table;

use super::{MIB, Row, Spread, bytes, cells, new, number, percent, spread};
use crate::load::Report;

/// A row a proxy; the columns of ratios are against nginx and HAProxy, under the names that they have here.
pub(super) fn throughput(rows: &[Row]) -> Table {
    // A label may go on after the name: "nginx, no rules".
    let named = |name: &str| rows.iter().find(|row| row.name.split(',').next() == Some(name));
    let (nginx, haproxy) = (named("nginx"), named("haproxy"));
    let mut table = new(&[
        "proxy",
        "CPU µs/request",
        "user",
        "system",
        "÷ nginx",
        "÷ haproxy",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "RSS MiB",
        "core busy",
        "disturbed",
        "errors",
    ]);
    for row in rows {
        let share = |share_of: fn(f64) -> f64| {
            spread(row.spread(|report| Some(report.cpu_us? * share_of(report.spent?.user_share))), 1)
        };
        let ratio = |other: Option<&Row>| match other {
            Some(other) if other.name == row.name => "1".to_owned(),
            other => spread(other.and_then(|other| row.ratio(other)), 3),
        };
        let milliseconds = |of: fn(&Report) -> f64| spread(row.spread(|report| Some(of(report) / 1e3)), 2);
        table.add_row(cells(
            &row.name,
            [
                spread(row.spread(|report| report.cpu_us), 2),
                share(|share| share),
                share(|share| 1.0 - share),
                ratio(nginx),
                ratio(haproxy),
                spread(row.spread(|report| Some(report.rate)), 0),
                milliseconds(|report| report.p50_us),
                milliseconds(|report| report.p99_us),
                number(median(row.spread(|report| report.spent.map(|spent| bytes(spent.resident) / MIB))), 1),
                percent(median(row.spread(Report::busy))),
                percent(median(row.spread(Report::disturbed))),
                row.errors().to_string(),
            ],
        ));
    }
    table
}

fn median(value: Option<Spread>) -> Option<f64> {
    value.map(|value| value.median)
}
