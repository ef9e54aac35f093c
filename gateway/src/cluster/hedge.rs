//! A request that is slow, sent to another upstream as well: the first to answer wins, and the others are given up.
//!
//! What is given up says nothing of its upstream: its circuit learns neither a failure nor a success.
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Instant,
};

use smallvec::SmallVec;
use tokio::time::{Sleep, sleep};

use super::{LocalCluster, lease::Lease};
use crate::{
    body::{AnswerBody, Body},
    config::{Hedge, RetryOn},
    exchange::Exchange,
    h1::{client::Head, head::ResponseHead},
    live::Lane,
    upstream::{Failure, Reach, send},
};

/// A route's hedging, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct Hedging {
    pub(crate) hedge: Hedge,
    pub(crate) counts: Arc<Counts>,
}

/// What became of a route's hedges, over all workers.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// A hedge was the first to answer.
    pub(crate) won: AtomicU64,
    /// The original was, or nobody.
    pub(crate) lost: AtomicU64,
    /// Not sent: the budget had none left.
    pub(crate) refused: AtomicU64,
}

impl Counts {
    /// Each with its name.
    pub(crate) fn pairs(&self) -> [(&'static str, u64); 3] {
        let Self { won, lost, refused } = self;
        [("won", won), ("lost", lost), ("refused", refused)].map(|(name, count)| (name, count.load(Relaxed)))
    }
}

/// What came of a request to one upstream.
type Outcome = Result<(ResponseHead, AnswerBody), Failure>;

/// A request on its way to one upstream.
struct Attempt<'a> {
    index: usize,
    lease: Lease,
    /// Also says how often a closed kept connection was replaced.
    sending: Pin<Box<dyn Future<Output = (Outcome, u32)> + 'a>>,
}

impl LocalCluster {
    /// Sends a request that has no body to the upstream of `first`, and as long as there is no answer to others. Who was
    /// first to answer, or the last to fail, and what came of it.
    pub(super) async fn race(
        &self,
        first: (usize, Lease),
        hedging: &Hedging,
        head: &Head,
        lane: &Lane,
        exchange: &mut Exchange,
    ) -> ((usize, Lease), Outcome) {
        let Hedging { hedge, counts } = hedging;
        let (original, key, host) = (first.0, exchange.affinity, exchange.host.clone());
        let attempt = |(index, mut lease): (usize, Lease)| {
            lease.ask();
            let host = self.shared.host_for(&self.shared.upstreams[index], host.as_ref());
            Attempt { index, lease, sending: Box::pin(self.send_once(index, head, host, lane)) }
        };
        let mut asked: SmallVec<[usize; 4]> = SmallVec::from_slice(&[original]);
        let mut attempts: SmallVec<[Attempt<'_>; 2]> = SmallVec::new();
        attempts.push(attempt(first));
        let (mut left, mut due) = (hedge.max, Box::pin(sleep(hedge.after)));
        loop {
            match first_ended(&mut attempts, &mut due, left > 0).await {
                None => {
                    left -= 1;
                    due.as_mut().reset(tokio::time::Instant::now() + hedge.after);
                    let Some(next) = self.none_of(&asked, key) else { continue };
                    let now = Instant::now();
                    if !self.budget(now).take_hedge(hedge.budget, now) {
                        counts.refused.fetch_add(1, Relaxed);
                        left = 0;
                        continue;
                    }
                    exchange.hedged += 1;
                    asked.push(next.0);
                    attempts.push(attempt(next));
                }
                Some((place, (outcome, stale))) => {
                    exchange.retries += stale;
                    let Attempt { index, mut lease, .. } = attempts.swap_remove(place);
                    match outcome {
                        // The others may still answer.
                        Err(Failure { rejection, reach, is_counted }) if !attempts.is_empty() => {
                            lease.fail_for(&rejection, is_counted);
                            if matches!(reach, Reach::NotSent) {
                                self.shared.mark_unreachable(&self.shared.upstreams[index], &rejection);
                            }
                        }
                        outcome => {
                            let has_won = index != original && outcome.is_ok();
                            let lost = u64::from(exchange.hedged) - u64::from(has_won);
                            counts.won.fetch_add(u64::from(has_won), Relaxed);
                            counts.lost.fetch_add(lost, Relaxed);
                            return ((index, lease), outcome);
                        }
                    }
                }
            }
        }
    }

    async fn send_once(&self, index: usize, head: &Head, host: &http::HeaderValue, lane: &Lane) -> (Outcome, u32) {
        let mut retries = 0;
        let stale = lane.retry.is_some_and(|retry| retry.on.has(RetryOn::STALE)).then_some(&mut retries);
        let (upstream, pool) = (&self.shared.upstreams[index], &self.upstreams[index].pool);
        let outcome = send(upstream, pool, head, host, &mut Body::empty(), &lane.timeouts, stale).await;
        (outcome, retries)
    }
}

/// The place of the first attempt that ends, and how it did; `None` when one more is due, where that `may_begin`.
async fn first_ended(
    attempts: &mut [Attempt<'_>],
    due: &mut Pin<Box<Sleep>>,
    may_begin: bool,
) -> Option<(usize, (Outcome, u32))> {
    poll_fn(|cx| {
        for (place, attempt) in attempts.iter_mut().enumerate() {
            if let Poll::Ready(ended) = attempt.sending.as_mut().poll(cx) {
                return Poll::Ready(Some((place, ended)));
            }
        }
        if may_begin && due.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}
