//! What clients resume their sessions with (RFC 8446 §2.2): one for all workers, and kept over reloads.
use std::sync::{Arc, Mutex};

use rustls::{
    RootCertStore,
    crypto::aws_lc_rs::Ticketer,
    server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions},
};

/// Sessions that are kept for clients that take no tickets.
const SESSIONS: usize = 4096;

/// What belongs to one set of trusted clients. A resumed session shows no certificate again, so those of another set
/// must not be resumed.
#[derive(Debug, Clone)]
pub(super) struct Tickets {
    trusted: Option<Arc<RootCertStore>>,
    pub(super) ticketer: Arc<dyn ProducesTickets>,
    pub(super) sessions: Arc<dyn StoresServerSessions>,
}

/// Those in use.
static KEPT: Mutex<Option<Tickets>> = Mutex::new(None);

impl Tickets {
    /// Those in use, unless they were for other clients.
    pub(super) fn of(trusted: Option<&Arc<RootCertStore>>) -> Result<Self, rustls::Error> {
        let mut kept = KEPT.lock().expect("no holder of this lock panics");
        if let Some(known) = &*kept
            && known.trusted.as_ref().map(|store| &store.roots) == trusted.map(|store| &store.roots)
        {
            return Ok(known.clone());
        }
        let fresh = Self {
            trusted: trusted.cloned(),
            ticketer: Ticketer::new()?,
            sessions: ServerSessionMemoryCache::new(SESSIONS),
        };
        *kept = Some(fresh.clone());
        Ok(fresh)
    }
}
