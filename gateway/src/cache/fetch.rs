//! From a request to its answer: stored, fetched, asked for again, or the old one where no new one can be had.
use std::{future::poll_fn, ops::Deref, pin::Pin, rc::Rc, sync::Arc, sync::atomic::Ordering::Relaxed};

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use jiff::Timestamp;

use super::{
    Answer, Asked, RouteCache,
    collect::Collector,
    entry::Entry,
    flight::{Late, Leader},
    policy,
    seen::Seen,
    store::Key,
};
use crate::{
    body::{Body, LeasedBody},
    cluster::LocalCluster,
    exchange::Exchange,
    h1::{client::Head, framing::Length, head::ResponseHead},
    live::Lane,
    rejection::Rejection,
    transform::hop_by_hop,
};

/// A request that may be answered from the cache, and for what it stands.
struct Wanted {
    asked: Asked,
    key: Key,
    seen: Seen,
}

impl Deref for Wanted {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

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
        let asked = Wanted { asked, key, seen: Seen::of(head, exchange) };
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
        let turn = self.store.lead(&asked.key, self.route, now, lane.timeouts.request).await;
        // Somebody may have stored it meanwhile.
        let now = seconds_now();
        let known = self.find(&asked);
        if let Some(entry) = known.as_ref().filter(|entry| asked.takes(entry, now)) {
            self.counts.hit.fetch_add(1, Relaxed);
            return Ok(Answer::stored(entry, &asked, now, "hit; collapsed"));
        }
        let old = known.as_ref().filter(|entry| entry.life.staleness(now) < entry.life.if_error);
        let leader = match (turn, old) {
            (Ok(leader), _) => leader,
            (Err(Late), Some(old)) => return Ok(self.old(old, &asked, now)),
            (Err(Late), None) => return Err(Rejection::UpstreamTimeout),
        };
        let mut conditional = None;
        for (name, value) in known.iter().flat_map(|entry| entry.validators()) {
            conditional = Some(conditional.as_ref().unwrap_or(head).copy(&name, value.as_bytes()));
        }
        let head = conditional.as_ref().unwrap_or(head);
        let sent = cluster.send_in_time(head, &mut Body::empty(), lane, exchange).await;
        let now = seconds_now();
        let old = known.as_ref().filter(|entry| entry.life.staleness(now) < entry.life.if_error);
        match (sent, old) {
            (Ok((head, _)), Some(old)) if is_failure(head.status) => Ok(self.old(old, &asked, now)),
            (Err(rejection), Some(old)) if is_the_services(&rejection) => Ok(self.old(old, &asked, now)),
            (Err(rejection), _) => Err(rejection),
            (Ok((head, body)), _) => Ok(self.take_in(head, body, known.as_deref(), &asked, leader, now)),
        }
    }

    fn find(&self, asked: &Wanted) -> Option<Arc<Entry>> {
        self.store.find(&asked.key, self.route, &asked.seen)
    }

    fn old(&self, entry: &Entry, asked: &Wanted, now: u64) -> Answer {
        self.counts.stale.fetch_add(1, Relaxed);
        Answer::hit(entry, asked, now)
    }

    /// Stores what came, if it may be, and passes it on.
    fn take_in(
        &self,
        head: ResponseHead,
        body: LeasedBody,
        known: Option<&Entry>,
        asked: &Wanted,
        leader: Option<Leader>,
        now: u64,
    ) -> Answer {
        let ResponseHead { status, mut fields, .. } = head;
        hop_by_hop::remove(&mut fields);
        let life = |status, fields: &_| policy::life(status, fields, asked.is_known, &self.rules, now);
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (status, known) {
            self.counts.revalidated.fetch_add(1, Relaxed);
            let Some(mut entry) = known.freshened(&fields, |fields| life(known.status, fields)) else {
                self.store.forget(&asked.key);
                leader.into_iter().for_each(Leader::finish);
                return Answer::stored(known, asked, now, "fwd=stale; fwd-status=304");
            };
            entry.fields.remove(header::AGE);
            let answer = Answer::stored(&entry, asked, now, "fwd=stale; fwd-status=304; stored");
            self.store.put(&asked.key, entry);
            leader.into_iter().for_each(Leader::finish);
            return answer;
        }
        self.counts.miss.fetch_add(1, Relaxed);
        let why = if known.is_some() { "fwd=stale" } else { "fwd=miss" };
        let length = body.length();
        // Where only the end of the connection ends it, nobody knows whether it is whole.
        let may_fit = length != Length::UntilClose && !matches!(length, Length::Known(n) if n > self.rules.max_body);
        let mut body = Body::from_upstream(body);
        let Some(life) = life(status, &fields).filter(|_| may_fit) else {
            self.store.pass(&asked.key, now);
            leader.into_iter().for_each(Leader::finish);
            return Answer::passed(status, fields, body, why);
        };
        let mut stored = fields.clone();
        stored.remove(header::AGE);
        let entry = Entry {
            route: self.route,
            status,
            chosen_by: asked.seen.selection(&fields),
            fields: stored,
            body: Bytes::new(),
            life,
        };
        let (store, key, max) = (Arc::clone(&self.store), Arc::clone(&asked.key), self.rules.max_body);
        if http_body::Body::is_end_stream(&body) {
            store.put(&key, entry);
            leader.into_iter().for_each(Leader::finish);
        } else {
            leader.iter().for_each(Leader::has_read);
            body.watch(Box::new(Collector { store, key, entry, body: BytesMut::new(), max, leader }));
        }
        Answer::passed(status, fields, body, &format!("{why}; stored"))
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
