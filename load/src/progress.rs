//! The run while it runs: a bar on a terminal, now and then a line elsewhere.

use std::{
    io::{IsTerminal as _, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    record::Record,
    run::Plan,
    units::{count, duration, latency, rate},
};

/// Where no bar can be drawn, so many lines are written in a run.
const LINES: u32 = 10;

/// Shows how far a run is.
pub struct Progress {
    bar: Option<ProgressBar>,
    duration: Duration,
    /// From when on the next line is due, where there is no bar.
    next_line: Duration,
    started: std::time::Instant,
}

impl Progress {
    /// Begins with a line of what is done to whom.
    pub fn new(plan: &Plan, mix: &str) -> Self {
        eprintln!(
            "{} · {} users · {} steps/s · {} · {mix}",
            plan.url.as_str().trim_end_matches('/'),
            count(u64::from(plan.users)),
            rate(plan.rate),
            duration(plan.duration),
        );
        let bar = stderr().is_terminal().then(|| bar(plan.duration));
        let started = std::time::Instant::now();
        Self { bar, duration: plan.duration, next_line: plan.duration / LINES, started }
    }

    /// Shows what has come so far.
    pub fn show(&mut self, record: &Record) {
        let elapsed = self.started.elapsed();
        if let Some(bar) = &self.bar {
            bar.set_position(milliseconds(elapsed.min(self.duration)));
            bar.set_message(line(record));
            let past = if elapsed < self.duration { "" } else { ", waiting for the last answers" };
            let elapsed = Duration::from_secs(elapsed.as_secs());
            bar.set_prefix(format!("{} of {}{past}", duration(elapsed), duration(self.duration)));
        } else if elapsed >= self.next_line {
            eprintln!("{:>6}  {}", duration(Duration::from_secs(elapsed.as_secs())), line(record));
            self.next_line += (self.duration / LINES).max(Duration::from_secs(1));
        }
    }

    /// Takes the bar away: the result stands for itself.
    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Duration) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40.cyan/dim} {prefix}\n{msg}").expect("a test draws it");
    let bar = ProgressBar::with_draw_target(Some(milliseconds(length)), ProgressDrawTarget::stderr());
    bar.with_style(style.progress_chars("━╸─"))
}

/// The state in one line. Latencies are those of the last whole interval.
fn line(record: &Record) -> String {
    let total = &record.total;
    let last = total.series.points().last();
    let latencies = last.and_then(|point| point.latencies).map_or_else(String::new, |latencies| {
        format!(" · p50 {} · p99 {}", latency(latencies.p50), latency(latencies.p99))
    });
    let now = last.map_or_else(String::new, |point| {
        #[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
        let answers = (point.right + point.wrong + point.limited) as f64;
        format!(" · {}/s", rate(answers / record.interval().as_secs_f64()))
    });
    format!(
        "{} answered{now}{latencies} · {} waiting · {} wrong · {} limited",
        count(total.count() - total.unanswered),
        count(record.all_due().saturating_sub(total.count())),
        count(total.wrong()),
        count(total.limited),
    )
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{End, Outcome};

    #[test]
    fn the_line_tells_of_the_last_interval() {
        let mut record = Record::new(&["GET /a".into()], Duration::from_secs(1));
        for at in [100, 300, 1200].map(Duration::from_millis) {
            record.due(at, at);
            let ended = at + Duration::from_millis(2);
            record.add(Outcome { endpoint: Some(0), due: at, waited: Duration::ZERO, ended, end: End::Right(200) });
        }
        record.due(Duration::from_millis(1300), Duration::from_millis(1300));
        let expected = "3 answered · 2.00/s · p50 2.00 ms · p99 2.00 ms · 1 waiting · 0 wrong · 0 limited";
        assert_eq!(line(&record), expected);
    }

    #[test]
    fn the_bar_can_be_drawn() {
        assert_eq!(bar(Duration::from_secs(2)).length(), Some(2000));
    }
}
