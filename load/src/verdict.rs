//! Whether a run was good, and what to make of it.

use xtask::options::FailOn;

use crate::{
    client::Silence,
    record::Record,
    run::Plan,
    units::{count, latency},
};

/// A step that waited longer for its user's earlier answer is worth a word, in microseconds.
const LONG_WAIT: u64 = 10_000;

/// From here on the load's own lateness blurs what it measures, in microseconds.
const LATE: u64 = 5000;

/// Why the run has failed: a reason for each of `fail_on` that came. None when it is good.
pub fn failures(record: &Record, fail_on: &[FailOn]) -> Vec<String> {
    let total = &record.total;
    let check = |on: FailOn, number: u64, what: &str| {
        (number > 0 && fail_on.contains(&on)).then(|| format!("{} {what}", count(number)))
    };
    if fail_on.contains(&FailOn::Never) {
        return Vec::new();
    }
    let nothing = (total.count() == 0).then(|| "nothing was asked".to_owned());
    let reasons = [
        check(FailOn::ServerError, total.server_errors, "answered by a 5xx"),
        check(FailOn::Unexpected, total.unexpected, "answered otherwise than the mix expects"),
        check(FailOn::Limited, total.limited, "refused by the rate limit (429)"),
        check(FailOn::Unanswered, total.unanswered, "without an answer"),
    ];
    reasons.into_iter().chain([nothing]).flatten().collect()
}

/// What a reader should know before believing the numbers.
pub fn hints(plan: &Plan, record: &Record) -> Vec<String> {
    [limited(record), unfinished(record), waited(plan, record), late(record)].into_iter().flatten().collect()
}

fn limited(record: &Record) -> Option<String> {
    let limited = record.total.limited;
    if limited == 0 {
        return None;
    }
    let policy = record.policy.as_deref().and_then(policy);
    let allowed = match policy {
        Some((requests, seconds)) => format!(
            "it allows {} requests in {} s, which in the long run is --rate {}",
            count(requests),
            count(seconds),
            // Rounded down: the next higher one would be limited again.
            rate_below(requests, seconds),
        ),
        None => "the shipped gateway.toml allows 100 requests a minute".to_owned(),
    };
    Some(format!(
        "{} requests got 429 from the gateway's rate limit, not from a service. It counts by address, and all users of \
         a load share one; {allowed}. To load the services themselves raise `requests` of [rate_limit] in \
         gateway.toml, or take the table out, and start the gateway anew. These answers are not in the latencies.",
        count(limited),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "what is shown has two digits")]
fn rate_below(requests: u64, seconds: u64) -> String {
    format!("{}", (requests as f64 / seconds.max(1) as f64 * 100.0).floor() / 100.0)
}

/// Requests and seconds of a `RateLimit-Policy` field: `"default";q=100;w=60`.
fn policy(field: &str) -> Option<(u64, u64)> {
    let first = field.split(',').next()?;
    let parameter = |name: &str| first.split(';').find_map(|part| part.trim().strip_prefix(name)?.parse().ok());
    Some((parameter("q=")?, parameter("w=")?))
}

fn unfinished(record: &Record) -> Option<String> {
    let unfinished = *record.total.silences.get(&Silence::Unfinished)?;
    Some(format!(
        "{} steps were still waiting when the run ended: the system is slower than it was asked to be.",
        count(unfinished)
    ))
}

fn waited(plan: &Plan, record: &Record) -> Option<String> {
    let waits = &record.waits;
    let long = waits.count_between(LONG_WAIT, waits.max().max(LONG_WAIT));
    // Where a few do, it is by chance.
    if long * 20 <= waits.len() {
        return None;
    }
    Some(format!(
        "{} of {} steps waited {} or more for their user's earlier answer (p99 {}). The latencies have that in them. \
         More --users than {} would put more requests in flight at once.",
        count(long),
        count(waits.len()),
        latency(LONG_WAIT),
        latency(waits.value_at_quantile(0.99)),
        plan.users,
    ))
}

fn late(record: &Record) -> Option<String> {
    let late = record.lateness.value_at_quantile(0.99);
    (late > LATE).then(|| {
        format!(
            "The load itself handed steps over late (p99 {}): this machine is busy, and the latencies have that in them.",
            latency(late),
        )
    })
}

/// Steps that fell due, a second.
#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub fn offered(record: &Record) -> f64 {
    record.all_due() as f64 / record.elapsed.as_secs_f64().max(f64::EPSILON)
}

#[cfg(test)]
mod tests;
