//! An answer on its way to the client, gathered to be stored.
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    entry::Entry,
    flight::Leader,
    store::{Key, Store},
};
use crate::body::Watch;

/// Stored when it has passed whole; one that breaks off, or that nobody reads to its end, is not.
pub(super) struct Collector {
    pub(super) store: Arc<Store>,
    pub(super) key: Key,
    /// All of it but the body.
    pub(super) entry: Entry,
    pub(super) body: BytesMut,
    /// When it was fetched.
    pub(super) generation: u64,
    /// The longest body that is stored.
    pub(super) max: u64,
    /// Whose fetch it is, if others wait for it.
    pub(super) leader: Option<Leader>,
}

impl Watch for Collector {
    fn data(&mut self, data: &Bytes) -> bool {
        let fits = (self.body.len() + data.len()) as u64 <= self.max;
        if fits {
            self.body.extend_from_slice(data);
            if let Some(leader) = &self.leader {
                leader.has_read();
            }
        } else {
            self.store.remove(&self.key, &self.entry);
            self.store.pass(&self.key, self.entry.life.at);
            if let Some(leader) = self.leader.take() {
                leader.finish();
            }
        }
        fits
    }

    fn waits(&mut self) {
        if let Some(leader) = &self.leader {
            leader.waits();
        }
    }

    fn end(self: Box<Self>) {
        let Self { store, key, mut entry, body, generation, leader, .. } = *self;
        entry.body = body.freeze();
        let is_stored = store.put(&key, entry, generation);
        // Only now may those who wait look. Where it was changed meanwhile, one of them fetches it.
        if is_stored && let Some(leader) = leader {
            leader.finish();
        }
    }
}
