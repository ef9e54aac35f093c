//! The numbers as Markdown.

use std::{fmt::Write, time::Duration};

use xtask::options::Dual;

use super::measure::Numbers;
use crate::compare::machine;

/// `rounds` have the monolith's numbers first.
pub(super) fn text(options: &Dual, rounds: &[[Numbers; 2]], commit: Duration) -> String {
    let Dual { rounds: count, seconds, connections, .. } = options;
    let mut text = format!(
        "# The system in one process and in many\n\n\
         Written by `cargo xtask bench dual`: {count} rounds of {seconds} s for each number and mode, the modes in turn.\n\n\
         - **When:** {}\n- **Machine:** {}\n\
         - **Set-up:** the shipped gateway.toml but for its rate limit, every rule else on (token, identity, access log); \
         SQLite with `synchronous=FULL`; load, gateway, services and broker share the cores.\n\
         - **Numbers:** medians of the rounds.\n\
         - **The disk:** a write of 8 KiB and its flush take {:.0} µs (median of 200), so that one commit after the \
         other makes {:.0} a second at most.\n\n\
         | | monolith | microservices | microservices ÷ monolith |\n|---|---|---|---|\n",
        machine::date(),
        machine::line(),
        commit.as_secs_f64() * 1e6,
        1.0 / commit.as_secs_f64(),
    );
    let mut row = |name: &str, number: &dyn Fn(&Numbers) -> f64, unit: &str| {
        let [monolith, microservices] = [0, 1].map(|mode| median(rounds.iter().map(|both| number(&both[mode]))));
        let ratio = median(rounds.iter().map(|both| number(&both[1]) / number(&both[0])));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {name} | {monolith:.0}{unit} | {microservices:.0}{unit} | {ratio:.2} |");
    };
    row("a purchase, one client, p50", &|n| n.alone.p50_us, " µs");
    row("a purchase, one client, p99", &|n| n.alone.p99_us, " µs");
    row(&format!("durable purchases a second, {connections} clients"), &|n| n.purchases.rate, "");
    row(&format!("a purchase, {connections} clients, p50"), &|n| n.purchases.p50_us, " µs");
    row(&format!("reads of `available` a second, {connections} clients"), &|n| n.reads.rate, "");
    row("memory once healthy", &|n| mebibytes(n.memory[0]), " MiB");
    row("memory after the load", &|n| mebibytes(n.memory[1]), " MiB");
    let errors: u64 = rounds.iter().flatten().map(|n| n.alone.errors + n.purchases.errors + n.reads.errors).sum();
    let _ = writeln!(text, "\nAnswers that were not 200: {errors}.");
    text
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!(median(std::iter::empty()).is_nan());
    }
}
