//! From a request to its answer: stored, fetched, asked for again, or the old one where no new one can be had.
use std::{future::poll_fn, pin::Pin, rc::Rc, sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;

use super::{Answer, Asked, RouteCache, arrive::Wanted, entry::Entry, flight::Late, seen::Seen, store::Key};
use crate::{
    body::Body,
    cluster::LocalCluster,
    exchange::Exchange,
    h1::{client::Head, head::ResponseHead},
    live::Lane,
    rejection::Rejection,
};

impl Asked {
    /// Whether it is content with this answer as it is.
    fn takes(&self, entry: &Entry, now: u64) -> bool {
        let Some(left) = entry.life.left(now) else { return false };
        !self.wants_new(entry, now) && left >= self.control.min_fresh.unwrap_or(0)
    }

    /// Whether it asks for one that is newer than this.
    fn wants_new(&self, entry: &Entry, now: u64) -> bool {
        self.control.no_cache || self.control.max_age.is_some_and(|most| entry.life.age(now) > most)
    }
}

impl RouteCache {
    /// The answer to a request that goes by `head` where it has to be fetched.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        asked: Asked,
        (head, key): (&Head, Key),
        lane: &Lane,
        cluster: &LocalCluster,
        exchange: &mut Exchange,
    ) -> Result<Answer, Rejection> {
        let mut asked = Wanted {
            asked,
            generation: self.store.generation(&key),
            key,
            seen: Seen::of(head, exchange),
            why: "fwd=miss",
        };
        let now = seconds_now();
        if let Some(entry) = self.find(&asked) {
            if asked.takes(&entry, now) {
                self.counts.hit.fetch_add(1, Relaxed);
                return Ok(Answer::hit(&entry, &asked, now));
            }
            let grace = entry.life.while_revalidate;
            if entry.life.staleness(now) < grace && entry.life.left(now).is_none() && !asked.wants_new(&entry, now) {
                self.counts.stale.fetch_add(1, Relaxed);
                let answer = Answer::hit(&entry, &asked, now);
                self.revalidate(asked, head.again(), &entry, lane, exchange, now);
                return Ok(answer);
            }
        }
        if asked.is_head {
            self.counts.miss.fetch_add(1, Relaxed);
            let (head, body) = cluster.send_in_time(head, &mut Body::empty(), lane, exchange).await?;
            return Ok(Answer::passed(head.status, head.fields, Body::from_upstream(body), "fwd=miss"));
        }
        let patience =
            lane.timeouts.total.map_or(Duration::MAX, |total| total.saturating_sub(exchange.started.elapsed()));
        let patience = patience.min(lane.timeouts.request);
        let turn = self.store.lead(&asked.key, self.route, now, patience).await;
        // Somebody may have stored it meanwhile.
        let now = seconds_now();
        let known = self.find(&asked);
        if let Some(entry) = known.as_ref().filter(|entry| asked.takes(entry, now)) {
            self.counts.hit.fetch_add(1, Relaxed);
            return Ok(Answer::stored(entry, &asked, now, "hit; collapsed"));
        }
        asked.generation = self.store.generation(&asked.key);
        asked.why = match &known {
            None => "fwd=miss",
            Some(entry) if entry.life.left(now).is_some() => "fwd=request",
            Some(_) => "fwd=stale",
        };
        let old = |now| {
            let is_bearable = |entry: &&Arc<Entry>| entry.life.staleness(now) < entry.life.if_error;
            known.as_ref().filter(is_bearable).filter(|_| !asked.control.no_cache)
        };
        let leader = match (turn, old(now)) {
            (Ok(leader), _) => leader,
            (Err(Late), Some(entry)) => return Ok(self.old(entry, &asked, now, "hit")),
            (Err(Late), None) => return Err(Rejection::UpstreamTimeout),
        };
        let mut conditional = None;
        for (name, value) in known.iter().flat_map(|entry| entry.validators()) {
            conditional = Some(conditional.as_ref().unwrap_or(head).copy(&name, value.as_bytes()));
        }
        let first = conditional.as_ref().unwrap_or(head);
        let mut sent = cluster.send_in_time(first, &mut Body::empty(), lane, exchange).await;
        let is_of_another = |answer: &ResponseHead| {
            answer.status == StatusCode::NOT_MODIFIED && !known.as_ref().is_none_or(|it| it.is_meant_by(&answer.fields))
        };
        // A 304 to what was asked without a condition would be about nothing that is known.
        let is_asked_anew = sent.as_ref().is_ok_and(|(answer, _)| is_of_another(answer));
        if is_asked_anew {
            sent = cluster.send_in_time(head, &mut Body::empty(), lane, exchange).await;
        }
        let now = seconds_now();
        match (sent, old(now)) {
            (Ok((answer, _)), Some(old)) if is_failure(answer.status) => {
                let how = format!("{}; fwd-status={}", asked.why, answer.status.as_u16());
                Ok(self.old(old, &asked, now, &how))
            }
            (Err(rejection), Some(old)) if is_the_services(&rejection) => {
                let how = format!("{}; detail={}", asked.why, rejection.code());
                Ok(self.old(old, &asked, now, &how))
            }
            (Err(rejection), _) => Err(rejection),
            (Ok((answer, body)), _) => {
                let known = known.as_deref().filter(|_| !is_asked_anew);
                Ok(self.take_in(answer, body, known, &asked, leader, now))
            }
        }
    }

    fn find(&self, asked: &Wanted) -> Option<Arc<Entry>> {
        self.store.find(&asked.key, self.route, &asked.seen)
    }

    /// An old answer, in the place of the one that could not be had.
    fn old(&self, entry: &Entry, asked: &Wanted, now: u64, how: &str) -> Answer {
        self.counts.stale.fetch_add(1, Relaxed);
        Answer::kept(entry, asked, now, how)
    }

    /// Fetches an answer anew while the old one is served; at most one at once.
    fn revalidate(
        self: &Arc<Self>,
        asked: Wanted,
        mut head: Head,
        entry: &Arc<Entry>,
        lane: &Lane,
        exchange: &Exchange,
        now: u64,
    ) {
        let Some(leader) = self.store.try_lead(&asked.key, self.route, now) else { return };
        for (name, value) in entry.validators() {
            head = head.copy(&name, value.as_bytes());
        }
        let (cache, entry, worker) = (Arc::clone(self), Arc::clone(entry), Rc::clone(&exchange.worker));
        let (cluster, timeouts, host) = (lane.cluster, lane.timeouts, exchange.host.clone());
        tokio::task::spawn_local(async move {
            let fetch = async {
                let (head, body) = worker.clusters[cluster].fetch(&head, host, Bytes::new(), &timeouts).await?;
                if is_failure(head.status) {
                    return Ok(());
                }
                if head.status == StatusCode::NOT_MODIFIED && !entry.is_meant_by(&head.fields) {
                    cache.store.remove(&asked.key, &entry);
                    return Ok(());
                }
                let mut body = cache.take_in(head, body, Some(&entry), &asked, Some(leader), seconds_now()).body;
                while let Some(frame) = poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut body), cx)).await {
                    frame?;
                }
                Ok::<(), Rejection>(())
            };
            let outcome = tokio::time::timeout(timeouts.connect + timeouts.request, fetch).await;
            tracing::debug!(?outcome, "a stored answer was asked for again");
        });
    }
}

/// Statuses for which an old answer is the better one (RFC 5861 §4).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Whether the service could not answer.
fn is_the_services(rejection: &Rejection) -> bool {
    rejection.is_upstreams()
        || matches!(rejection, Rejection::NoHealthyUpstream | Rejection::CircuitOpen { .. } | Rejection::Overloaded)
}

fn seconds_now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or_default()
}
