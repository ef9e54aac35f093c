//! What clients resume their sessions with (RFC 8446 §2.2): one for all workers, kept over reloads, and handed to the
//! process that takes over.
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rustls::{
    RootCertStore,
    server::{ServerSessionMemoryCache, StoresServerSessions},
};
use zeroize::Zeroizing;

use super::ticketer::Ticketer;

/// Sessions that are kept for clients that take no tickets.
const SESSIONS: usize = 4096;

/// What belongs to one set of trusted clients. A resumed session shows no certificate again, so those of another set
/// must not be resumed.
#[derive(Debug, Clone)]
pub(super) struct Tickets {
    /// Stands for the set.
    trusted: Trusted,
    pub(super) ticketer: Arc<Ticketer>,
    pub(super) sessions: Arc<dyn StoresServerSessions>,
}

type Trusted = [u8; digest::SHA256_OUTPUT_LEN];

/// Those in use.
static KEPT: Mutex<Option<Tickets>> = Mutex::new(None);
/// What [`hand_over`] has said in the process before this one.
static INHERITED: Mutex<Option<Zeroizing<String>>> = Mutex::new(None);

impl Tickets {
    /// Those in use, or those of the process before this one, unless they were for other clients.
    pub(super) fn of(trusted: Option<&Arc<RootCertStore>>) -> Result<Self, rustls::Error> {
        let trusted = digest(trusted.map(|store| &**store));
        let mut kept = KEPT.lock().expect("no holder of this lock panics");
        if let Some(known) = kept.as_ref().filter(|known| known.trusted == trusted) {
            return Ok(known.clone());
        }
        let inherited = INHERITED.lock().expect("no holder of this lock panics").take();
        let inherited = inherited.and_then(|said| {
            let (whose, keys) = said.split_once(' ')?;
            (whose == STANDARD_NO_PAD.encode(trusted)).then(|| Ticketer::with_keys(keys)).flatten()
        });
        let ticketer = Arc::new(inherited.map_or_else(Ticketer::new, Ok)?);
        let fresh = Self { trusted, ticketer, sessions: ServerSessionMemoryCache::new(SESSIONS) };
        *kept = Some(fresh.clone());
        Ok(fresh)
    }
}

/// The keys in use, and whose they are, for the process that takes over: a secret of two words.
pub(crate) fn hand_over() -> Option<Zeroizing<String>> {
    let kept = KEPT.lock().expect("no holder of this lock panics");
    let Tickets { trusted, ticketer, .. } = kept.as_ref()?;
    Some(Zeroizing::new(format!("{} {}", STANDARD_NO_PAD.encode(trusted), &*ticketer.keys())))
}

/// What the process before this one has said, before any listener is made.
pub(crate) fn take_over(said: Zeroizing<String>) {
    *INHERITED.lock().expect("no holder of this lock panics") = Some(said);
}

fn digest(trusted: Option<&RootCertStore>) -> Trusted {
    let mut hashed = digest::Context::new(&digest::SHA256);
    for anchor in trusted.iter().flat_map(|store| &store.roots) {
        let constraints = anchor.name_constraints.as_deref().unwrap_or_default();
        for part in [&*anchor.subject, &*anchor.subject_public_key_info, constraints] {
            hashed.update(&(part.len() as u64).to_be_bytes());
            hashed.update(part);
        }
    }
    hashed.update(&[trusted.is_some().into()]);
    hashed.finish().as_ref().try_into().expect("a SHA-256 has its length")
}
