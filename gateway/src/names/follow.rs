//! One name, asked for again and again.
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::TokioResolver;

use super::Known;

/// The shortest and the longest time between two questions, whatever an answer's time to live is.
const BETWEEN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));
/// The first and the longest pause after a question without an answer.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Asks for `name` until it is told to end.
pub(super) async fn follow(name: Box<str>, resolver: TokioResolver, known: Arc<Known>) {
    let mut failures = 0;
    loop {
        let pause = match resolver.lookup_ip(&*name).await {
            Ok(found) => {
                if std::mem::take(&mut failures) > 0 {
                    tracing::info!(name = &*name, "the name resolves again");
                }
                known.found(&name, found.iter().collect());
                found.valid_until().saturating_duration_since(Instant::now()).clamp(BETWEEN.0, BETWEEN.1)
            }
            Err(error) => {
                if failures == 0 {
                    let last = known.names().addresses.contains_key(&name);
                    let meanwhile = if last { "its last addresses serve on" } else { "it cannot be reached" };
                    tracing::warn!(name = &*name, %error, "the name does not resolve: {meanwhile}");
                }
                failures += 1;
                known.asked_for(&name);
                pause_after(failures)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn pause_after(failures: u32) -> Duration {
    PAUSE.0.saturating_mul(1 << (failures - 1).min(8)).min(PAUSE.1)
}

impl Known {
    fn found(&self, name: &str, mut addresses: Vec<IpAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        let known = self.names().addresses.insert(name.into(), addresses.clone().into());
        if known.as_deref() != Some(&*addresses) {
            self.changed.notify_one();
        }
        self.asked_for(name);
    }

    fn asked_for(&self, name: &str) {
        self.names().asked.insert(name.into());
        self.answered.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_seconds() {
        let pauses: Vec<_> = (1..7).map(|failures| pause_after(failures).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        assert_eq!(pause_after(u32::MAX), Duration::from_secs(10));
    }

    #[test]
    fn only_other_addresses_are_a_change() {
        let known = Known::default();
        let is_change = |addresses: &[&str]| {
            known.found("a", addresses.iter().map(|text| text.parse().unwrap()).collect());
            let mut changed = std::pin::pin!(known.changed.notified());
            let waker = std::task::Waker::noop();
            changed.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready()
        };
        assert!(is_change(&["10.0.0.2", "10.0.0.1"]), "the first");
        assert!(!is_change(&["10.0.0.1", "10.0.0.2"]), "name servers rotate what they answer");
        assert!(!is_change(&["10.0.0.1", "10.0.0.2", "10.0.0.1"]), "the same address twice");
        assert!(is_change(&["10.0.0.1"]));
        assert!(is_change(&["10.0.0.3"]));
    }
}
