//! Keeps an issuer's keys as they are at the issuer.
use std::{fmt, fs, path::PathBuf, sync::Arc, time::Duration};

use http::Uri;

use super::{
    Keeper,
    fetch::{self, Answer},
    store::Store,
};
use crate::{config::Algorithm, token::KeySet};

/// Between two fetches, where the issuer does not say how long its answer is good.
const INTERVAL: Duration = Duration::from_mins(5);
/// The least and the most of what an issuer may say.
const MAX_AGE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_hours(1));
/// The first pause after a failure: without keys nobody passes, with keys there is time.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// The longest pause after failures: without keys, with keys.
const LONGEST: (Duration, Duration) = (Duration::from_secs(30), INTERVAL);

/// Where keys come from.
pub(super) enum Source {
    Service {
        keeper: Keeper,
        /// Path and query.
        path: String,
    },
    Url(Uri),
    File(PathBuf),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { path, .. } => f.debug_struct("Service").field("path", path).finish_non_exhaustive(),
            Self::Url(_) => f.write_str("Url"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Fetches again and again: at the interval, or as soon as a request asks for it. Keys stay while the issuer is away.
pub(super) async fn keep(issuer: String, source: Arc<Source>, algorithms: Vec<Algorithm>, store: Arc<Store>) {
    let mut failures = 0;
    loop {
        store.begin();
        let outcome = load(&source, &algorithms).await;
        let pause = match outcome {
            Ok((keys, max_age)) if !keys.is_empty() => {
                if store.replace(Some(keys)) {
                    tracing::info!(issuer, "the issuer's keys are known");
                } else if failures > 0 {
                    tracing::info!(issuer, "the issuer's keys can be fetched again");
                }
                failures = 0;
                max_age.map_or(INTERVAL, |age| age.clamp(MAX_AGE.0, MAX_AGE.1))
            }
            outcome => {
                let error = match outcome {
                    Ok(_) => {
                        // The issuer says so itself: nobody is vouched for any more.
                        store.replace(None);
                        String::from("the set has no key that the block's algorithms can use")
                    }
                    Err(error) => error,
                };
                let has_keys = store.held().is_some();
                if failures == 0 {
                    tracing::warn!(issuer, error, has_keys, "the issuer's keys cannot be fetched");
                } else {
                    tracing::debug!(issuer, error, has_keys, "the issuer's keys still cannot be fetched");
                }
                failures += 1;
                back_off(failures, has_keys)
            }
        };
        store.end();
        // Many gateways do not ask together.
        let pause = pause.mul_f64(0.9 + 0.1 * fastrand::f64());
        let _ = tokio::time::timeout(pause, store.wake.notified()).await;
    }
}

/// Twice as long after each failure.
fn back_off(failures: u32, has_keys: bool) -> Duration {
    let (first, longest) = if has_keys { (BACK_OFF.1, LONGEST.1) } else { (BACK_OFF.0, LONGEST.0) };
    first.saturating_mul(1 << (failures - 1).min(16)).min(longest)
}

/// The keys, and for how long the issuer says that they are good.
async fn load(source: &Source, algorithms: &[Algorithm]) -> Result<(KeySet, Option<Duration>), String> {
    let questions = match source {
        Source::File(path) => return read(path, algorithms).map(|keys| (keys, None)),
        Source::Url(url) => return fetch::get(url).await.and_then(|answer| parse(&answer, algorithms)),
        Source::Service { keeper: Keeper::Mounted(service), path } => {
            return fetch::ask_mounted(service, path).await.and_then(|answer| parse(&answer, algorithms));
        }
        Source::Service { keeper: Keeper::Remote(ask), path } => ask(path),
    };
    let mut failed = String::from("there is nobody to ask");
    for question in questions {
        match fetch::ask_upstream(question).await.and_then(|answer| parse(&answer, algorithms)) {
            Ok(found) => return Ok(found),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn parse(answer: &Answer, algorithms: &[Algorithm]) -> Result<(KeySet, Option<Duration>), String> {
    let keys = KeySet::parse(&answer.body, algorithms).ok_or("the answer is no JWK set")?;
    Ok((keys, answer.max_age))
}

/// The keys of a file.
pub(super) fn read(path: &PathBuf, algorithms: &[Algorithm]) -> Result<KeySet, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    KeySet::parse(&bytes, algorithms).ok_or_else(|| String::from("the file is no JWK set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let pauses = |has_keys| (1..40).map(move |failures| back_off(failures, has_keys).as_secs()).collect::<Vec<_>>();
        assert_eq!(pauses(false)[..7], [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pauses(true)[..7], [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!((pauses(false)[38], pauses(true)[38]), (30, 300));
    }
}
