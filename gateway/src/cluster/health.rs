//! Whether upstreams are healthy: probes from the start on, and what failed connects say meanwhile.
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;
use jiff::Timestamp;

use super::Cluster;
use crate::{
    config::{HealthCheck, Question},
    upstream::{Health, Upstream, ejection::By},
};

/// How far an interval strays, so that the probes of many gateways do not fall together: a tenth to either side.
const JITTER: f64 = 0.1;
/// The longest answer to a probe, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// Starts the probes of a cluster on the current runtime; without a check there are none, and its upstreams count as
/// healthy, whatever probes under an earlier configuration have said.
pub(crate) fn watch(cluster: &Arc<Cluster>) {
    let Some(check) = &cluster.check else {
        return cluster.upstreams.iter().for_each(|upstream| upstream.forget_probes());
    };
    for upstream in &cluster.upstreams {
        cluster.probes.spawn(probe_forever(Arc::clone(cluster), Arc::clone(upstream), check.clone()));
    }
}

async fn probe_forever(cluster: Arc<Cluster>, upstream: Arc<Upstream>, check: HealthCheck) {
    let mut streak = Streak::default();
    loop {
        let started = Instant::now();
        let outcome = tokio::time::timeout(check.timeout, probe(&upstream, &check)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer within {:?}", check.timeout)));
        note(&cluster, &upstream, &outcome, started.elapsed());
        let before = upstream.health();
        let was_bad = streak.bad > 0;
        let after = streak.after(before, outcome.is_ok(), &check);
        // One that a request could not reach may be back before any probe has failed.
        let recovers = was_bad && outcome.is_ok() || (before, after) == (Health::Unhealthy, Health::Healthy);
        if recovers && upstream.circuit.close() {
            upstream.is_back();
            let (service, upstream) = (&*cluster.name, upstream.label.as_str());
            tracing::info!(service, upstream, "circuit closed: a health check went well again");
        }
        if upstream.set_health(after) {
            if before == Health::Unhealthy {
                upstream.is_back();
            }
            let is_out = after == Health::Unhealthy;
            upstream.details().ejected_by = is_out.then_some(By::Check);
            if is_out {
                upstream.ejections.note(By::Check);
            }
            announce(&cluster, &upstream, before, after, outcome.as_ref().err());
        }
        if after == Health::Unhealthy && streak.bad >= check.unhealthy_after {
            // The checks have found it out by themselves, whoever was first.
            upstream.details().ejected_by = Some(By::Check);
        }
        if before == Health::Unknown {
            cluster.probed.notify_waiters();
        }
        let pause = check.interval.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64());
        // A failed connect of a request asks for a look at once.
        let _ = tokio::time::timeout(pause, upstream.recheck.notified()).await;
    }
}

fn note(cluster: &Cluster, upstream: &Upstream, outcome: &Result<(), String>, took: Duration) {
    let mut details = upstream.details();
    details.last_check = Some(Timestamp::now());
    match outcome {
        Ok(()) => (details.latency, details.last_error) = (Some(took), None),
        Err(error) => details.last_error = Some(error.clone()),
    }
    tracing::debug!(service = &*cluster.name, upstream = upstream.label, ?outcome, "probed");
}

fn announce(cluster: &Cluster, upstream: &Upstream, before: Health, after: Health, error: Option<&String>) {
    let (service, url) = (&*cluster.name, upstream.label.as_str());
    match (before, after) {
        (_, Health::Unhealthy) => {
            tracing::warn!(
                service,
                upstream = url,
                error = error.map_or("", String::as_str),
                "upstream is unhealthy: its health check failed"
            );
        }
        (Health::Unknown, _) => tracing::debug!(service, upstream = url, "upstream is healthy"),
        _ => tracing::info!(service, upstream = url, "upstream is healthy again"),
    }
}

/// Asks once. The whole answer is read: an upstream that breaks off in the middle is not well.
async fn probe(upstream: &Upstream, check: &HealthCheck) -> Result<(), String> {
    match &check.question {
        Question::Path(path) => well(upstream.ask(path, "health", MAX_ANSWER).await?.0.status),
        Question::Grpc(service) => upstream.check_grpc(service).await,
    }
}

fn well(status: StatusCode) -> Result<(), String> {
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
}

/// Probes in a row that said the same.
#[derive(Debug, Default)]
struct Streak {
    good: u32,
    bad: u32,
}

impl Streak {
    /// The state after one more probe. The first alone decides; then the thresholds count.
    fn after(&mut self, health: Health, is_good: bool, check: &HealthCheck) -> Health {
        (self.good, self.bad) = if is_good { (self.good + 1, 0) } else { (0, self.bad + 1) };
        match health {
            Health::Unknown if is_good => Health::Healthy,
            Health::Unknown => Health::Unhealthy,
            Health::Healthy if self.bad >= check.unhealthy_after => Health::Unhealthy,
            Health::Unhealthy if self.good >= check.healthy_after => Health::Healthy,
            same => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_probe_decides_and_then_the_thresholds_do() {
        let check = HealthCheck {
            question: Question::Path("/".into()),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            healthy_after: 2,
            unhealthy_after: 3,
        };
        let mut streak = Streak::default();
        let mut health = Health::Unknown;
        let mut states = String::new();
        for probe in "+---+-+++--+---++".chars() {
            health = streak.after(health, probe == '+', &check);
            states.push(if health == Health::Healthy { 'h' } else { 'u' });
        }
        assert_eq!(states, "hhhuuuuhhhhhhhuuh");
        assert_eq!(Streak::default().after(Health::Unknown, false, &check), Health::Unhealthy);
    }
}
