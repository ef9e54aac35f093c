//! What is made of an answer that was fetched: stored, or a sign that what is stored still holds, or neither.
use std::{
    ops::Deref,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};

use super::{
    Answer, Asked, RouteCache,
    collect::Collector,
    entry::Entry,
    flight::Leader,
    policy::{self, Life},
    seen::Seen,
    store::Key,
};
use crate::{
    body::{Body, LeasedBody},
    h1::{framing::Length, head::ResponseHead},
    telemetry::clock::http_date,
    transform::hop_by_hop,
};

/// A request that may be answered from the cache, and for what it stands.
pub(super) struct Wanted {
    pub(super) asked: Asked,
    pub(super) key: Key,
    pub(super) seen: Seen,
    /// When it was fetched: after how many changes.
    pub(super) generation: u64,
    /// Why it is fetched, as `Cache-Status` has it.
    pub(super) why: &'static str,
}

impl Deref for Wanted {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl RouteCache {
    /// Stores what came, if it may be, and passes it on. Asked for on a condition, a 304 is about `known`.
    pub(super) fn take_in(
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
        // What is stored is as old as it is, whenever it is told (RFC 9110 §6.6.1).
        fields.entry(header::DATE).or_insert_with(|| http_date(now));
        let life = |status, fields: &_| policy::life(status, fields, asked.is_known, &self.rules, now);
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (status, known) {
            let mut entry = known.freshened(&fields, &asked.seen);
            let life = life(known.status, &entry.fields);
            entry.fields.remove(header::AGE);
            return self.still_holds(known, entry, life, asked, leader, now);
        }
        self.counts.miss.fetch_add(1, Relaxed);
        let why = asked.why;
        let length = body.length();
        let mut body = Body::from_upstream(body);
        let entry = life(status, &fields).map(|life| {
            let mut stored = fields.clone();
            stored.remove(header::AGE);
            let chosen_by = asked.seen.selection(&fields);
            Entry { route: self.route, status, chosen_by, fields: stored, body: Bytes::new(), life }
        });
        // Where only the end of the connection ends it, nobody knows whether it is whole.
        let may_fit = |entry: &Entry| match length {
            Length::UntilClose => false,
            Length::Known(length) => length <= self.rules.max_body && self.store.holds(&asked.key, entry, length),
            Length::Chunked => true,
        };
        let Some(entry) = entry.filter(may_fit) else {
            if let Some(known) = known.filter(|_| replaces(status)) {
                self.store.remove(&asked.key, known);
            }
            self.store.pass(&asked.key, now);
            leader.into_iter().for_each(Leader::finish);
            return Answer::passed(status, fields, body, why);
        };
        let (store, key, generation) = (Arc::clone(&self.store), Arc::clone(&asked.key), asked.generation);
        // Of one that is not there as a whole, nobody knows yet how long it is.
        let mut is_stored = matches!(length, Length::Known(_));
        if http_body::Body::is_end_stream(&body) {
            is_stored = store.put(&key, entry, generation);
            leader.into_iter().filter(|_| is_stored).for_each(Leader::finish);
        } else {
            leader.iter().for_each(Leader::has_read);
            let max = self.rules.max_body;
            body.watch(Box::new(Collector { store, key, entry, body: BytesMut::new(), generation, max, leader }));
        }
        if is_stored {
            return Answer::passed(status, fields, body, &format!("{why}; stored"));
        }
        Answer::passed(status, fields, body, why)
    }

    /// What is `known` is good, and is this now, which may be stored if it has a life.
    fn still_holds(
        &self,
        known: &Entry,
        mut entry: Entry,
        life: Option<Life>,
        asked: &Wanted,
        leader: Option<Leader>,
        now: u64,
    ) -> Answer {
        self.counts.revalidated.fetch_add(1, Relaxed);
        let how = format!("{}; fwd-status=304", asked.why);
        let Some(life) = life else {
            self.store.remove(&asked.key, known);
            leader.into_iter().for_each(Leader::finish);
            entry.life = Life { at: now, age: 0, ..known.life };
            return Answer::stored(&entry, asked, now, &how);
        };
        entry.life = life;
        let is_stored = self.store.put(&asked.key, entry.clone(), asked.generation);
        leader.into_iter().filter(|_| is_stored).for_each(Leader::finish);
        Answer::stored(&entry, asked, now, &if is_stored { format!("{how}; stored") } else { how })
    }
}

/// Whether an answer of this status is what its URI stands for now, and not just what one caller gets.
fn replaces(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection() || matches!(status.as_u16(), 404 | 410 | 451)
}
