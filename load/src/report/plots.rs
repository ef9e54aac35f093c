//! Which lines a section's two charts have.

use std::time::Duration;

use super::{
    chart::{Chart, Line},
    scale::Scale,
};
use crate::{
    record::{Percentiles, Point, Record, Tally},
    units,
};

/// The last interval may be cut short; below this share of its length its rate says nothing.
const ENOUGH: f64 = 0.3;

/// Latency percentiles over time, in microseconds on a logarithmic axis.
pub(super) fn latency(record: &Record, tally: &Tally) -> Chart {
    let points = tally.series.points();
    let line = |name: &'static str, pick: fn(Percentiles) -> u64| {
        let values = points.iter().map(|point| point.latencies.map(|latencies| float(pick(latencies)).max(1.0)));
        Line { name, values: values.collect() }
    };
    let lines = vec![
        line("p50", |latencies| latencies.p50),
        line("p90", |latencies| latencies.p90),
        line("p99", |latencies| latencies.p99),
        line("max", |latencies| latencies.max),
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds, from 1 on")]
    let shown = |value: f64| units::latency(value.round() as u64);
    chart(record, "Latency", Scale::logarithmic(&lines), lines, shown)
}

/// Answers a second over time, and for `with_due` what fell due.
pub(super) fn throughput(record: &Record, tally: &Tally, with_due: bool) -> Chart {
    let points = tally.series.points();
    let rates =
        |values: Vec<u64>| values.into_iter().enumerate().map(|(place, value)| rate(record, place, value)).collect();
    let line =
        |name: &'static str, pick: fn(&Point) -> u64| Line { name, values: rates(points.iter().map(pick).collect()) };
    let mut lines = vec![line("right", |point| point.right)];
    // Lines that would lie on the axis all along only hide it.
    if tally.limited > 0 {
        lines.push(line("limited", |point| point.limited));
    }
    if tally.wrong() > 0 {
        lines.push(line("wrong", |point| point.wrong));
    }
    if with_due {
        lines.push(Line { name: "due", values: rates(record.due.clone()) });
    }
    chart(record, "Throughput", Scale::linear(&lines), lines, |value| format!("{}/s", units::rate(value)))
}

fn chart(record: &Record, title: &'static str, scale: Scale, lines: Vec<Line>, shown: fn(f64) -> String) -> Chart {
    Chart { title, scale, lines, shown, interval: record.interval(), elapsed: record.elapsed }
}

/// Of the interval at `place`, whose end may be the run's.
fn rate(record: &Record, place: usize, value: u64) -> Option<f64> {
    let interval = record.interval();
    let begun = interval.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
    let length: Duration = record.elapsed.saturating_sub(begun).min(interval);
    let whole = place == 0 || length.as_secs_f64() >= ENOUGH * interval.as_secs_f64();
    whole.then(|| float(value) / length.as_secs_f64().max(f64::EPSILON))
}

#[expect(clippy::cast_precision_loss, reason = "it is drawn")]
fn float(value: u64) -> f64 {
    value as f64
}
