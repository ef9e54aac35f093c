//! A request's way to an upstream that answers: one, or where that is safe and within the budget, another.
use std::{sync::MutexGuard, time::Instant};

use tokio::time::timeout_at;

use super::{LocalCluster, budget::Budget, lease::Lease};
use crate::{
    body::{Body, LeasedBody},
    config::{Retry, RetryOn},
    exchange::Exchange,
    h1::{client::Head, head::ResponseHead},
    live::Lane,
    rejection::Rejection,
    upstream::{Failure, Health, Reach, ejection::Cause, is_idempotent, send},
};

impl LocalCluster {
    /// Sends a request to a healthy upstream and waits for the head of the answer.
    ///
    /// It is sent again as the lane's [`Retry`] says, and only where that is safe: nothing of it was sent; or it is
    /// idempotent, and none of its body was taken. After a failure `exchange.may_resend` says whether that still is so;
    /// then `body` is whole. The lane's total time is whoever awaits it to see to: [`LocalCluster::send_in_time`].
    pub(crate) async fn send(
        &self,
        head: &Head,
        body: &mut Body,
        lane: &Lane,
        exchange: &mut Exchange,
    ) -> Result<(ResponseHead, LeasedBody), Rejection> {
        self.asked.set(self.asked.get().saturating_add(1));
        let on = lane.retry.map_or(RetryOn::default(), |retry| retry.on);
        let is_whole = http_body::Body::is_end_stream(body);
        let can_repeat = is_whole && is_idempotent(&head.method);
        let may_hedge = can_repeat && !exchange.upgrades;
        let key = exchange.affinity;
        let (mut index, mut lease) = self.pick(key).await?;
        let mut tries = 1;
        loop {
            exchange.upstream = Some((self.index, index));
            let outcome = match lane.hedge.as_ref().filter(|_| may_hedge && tries == 1) {
                None => {
                    let upstream = &self.shared.upstreams[index];
                    let host = self.shared.host_for(upstream, exchange.host.as_ref());
                    let stale = on.has(RetryOn::STALE).then_some(&mut exchange.retries);
                    if is_whole {
                        lease.ask();
                    }
                    send(upstream, &self.upstreams[index].pool, head, host, body, &lane.timeouts, stale).await
                }
                Some(hedging) => {
                    // Boxed, so that a request that is not hedged has no room for it.
                    let race = Box::pin(self.race((index, lease), hedging, head, lane, exchange)).await;
                    (index, lease) = race.0;
                    exchange.upstream = Some((self.index, index));
                    race.1
                }
            };
            let upstream = &self.shared.upstreams[index];
            exchange.upstream_time = Some(exchange.permitted.elapsed());
            let again = |on: bool| lane.retry.filter(|retry| on && tries < retry.attempts);
            let next = match outcome {
                Ok((head, answer)) => {
                    let retry = again(can_repeat && on.has_status(head.status));
                    let answer = LeasedBody::new(answer, head.status, lease).within(&lane.timeouts, exchange);
                    let next = retry.and_then(|retry| self.next(index, key, &retry));
                    let Some(next) = next else { return Ok((head, answer)) };
                    next
                }
                Err(Failure { rejection, reach, is_counted }) => {
                    lease.fail_for(&rejection, is_counted);
                    let next = match reach {
                        Reach::Sent => {
                            exchange.may_resend &= can_repeat;
                            return Err(rejection);
                        }
                        Reach::NotSent => {
                            self.shared.mark_unreachable(upstream, &rejection);
                            // Nobody has seen it: the other is not asked a second time, and the budget has no say.
                            again(on.has(RetryOn::CONNECT)).and_then(|_| self.other(index, key))
                        }
                        Reach::Cut => {
                            again(on.has(RetryOn::BAD_GATEWAY)).and_then(|retry| self.next(index, key, &retry))
                        }
                    };
                    next.ok_or(rejection)?
                }
            };
            (index, lease) = next;
            tries += 1;
            exchange.retries += 1;
        }
    }

    /// The same until the request's deadline, by `lane.timeouts.total` or by what its client says, where there is one.
    pub(crate) async fn send_in_time(
        &self,
        head: &Head,
        body: &mut Body,
        lane: &Lane,
        exchange: &mut Exchange,
    ) -> Result<(ResponseHead, LeasedBody), Rejection> {
        let Some(deadline) = exchange.deadline(lane.timeouts.total) else {
            return self.send(head, body, lane, exchange).await;
        };
        let is_whole = http_body::Body::is_end_stream(body);
        if let Ok(outcome) = timeout_at(deadline.into(), self.send(head, body, lane, exchange)).await {
            return outcome;
        }
        exchange.may_resend = false;
        // A client that has sent everything was not what took so long; but how long is too long is not its to say.
        let is_fault = is_whole && exchange.deadline != Some(deadline);
        if let Some((_, index)) = exchange.upstream.filter(|_| is_fault) {
            self.upstreams[index].fail(Cause::rejection(&Rejection::UpstreamTimeout));
        }
        Err(Rejection::UpstreamTimeout)
    }

    /// Where a request that `failed` has failed is sent again: if there is such an upstream, and the budget has one more.
    pub(super) fn next(&self, failed: usize, key: u64, retry: &Retry) -> Option<(usize, Lease)> {
        let next = self.other(failed, key)?;
        let now = Instant::now();
        self.budget(now).take(retry.budget, now).then_some(next)
    }

    /// An upstream that could be asked now, other than `failed`.
    pub(super) fn other(&self, failed: usize, key: u64) -> Option<(usize, Lease)> {
        self.none_of(&[failed], key)
    }

    /// An upstream that could be asked now, and is none of these.
    pub(super) fn none_of(&self, asked: &[usize], key: u64) -> Option<(usize, Lease)> {
        [Health::Healthy, Health::Unknown].into_iter().find_map(|health| self.pick_of(health, asked, key))
    }

    /// The budget, which knows of this worker's requests then.
    pub(super) fn budget(&self, now: Instant) -> MutexGuard<'_, Budget> {
        let mut budget = self.shared.budget.lock().expect("no holder of this lock panics");
        budget.note(self.asked.take(), now);
        budget
    }
}
