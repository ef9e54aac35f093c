//! Copies of requests for another service, whose answers nobody sees.
//!
//! A copy never holds up its original: it goes by a task of its own, after the original's body has been read by whoever
//! it is for. What is held meanwhile is bounded: so many copies a worker, each with a body of at most [`MAX_BODY`]. What
//! does not fit is not copied, and counted.
use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};

use crate::{
    body::{Body, Watch},
    config::UpstreamTimeouts,
    exchange::Exchange,
    h1::{client::Head, framing::Length},
    worker::Worker,
};

/// The longest body that is copied, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Copies that a worker has at once, from their original's head to the end of their answer.
const MAX_COPIES: usize = 128;
/// What tells a copy from a request of a client, which can't send this.
pub(crate) static X_MIRRORED: HeaderName = HeaderName::from_static("x-mirrored");

/// A route's mirror, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct Mirror {
    /// The index of the cluster that gets the copies.
    cluster: usize,
    /// Of each 2³² - 1 requests.
    share: u64,
    timeouts: UpstreamTimeouts,
    counts: Arc<Counts>,
}

/// What became of a route's copies, over all workers.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Answered, by a status below 500.
    pub(crate) answered: AtomicU64,
    /// Answered by a 5xx, or not.
    pub(crate) failed: AtomicU64,
    /// Not made: the body is longer than a copy may be.
    pub(crate) too_large: AtomicU64,
    /// Not made: there were too many at once.
    pub(crate) busy: AtomicU64,
}

impl Counts {
    /// Each with its name.
    pub(crate) fn pairs(&self) -> [(&'static str, u64); 4] {
        let Self { answered, failed, too_large, busy } = self;
        [("answered", answered), ("failed", failed), ("too_large", too_large), ("busy", busy)]
            .map(|(name, count)| (name, count.load(Relaxed)))
    }
}

/// Copies that a worker has, and one of them.
#[derive(Debug)]
struct Slot(Rc<Cell<usize>>);

impl Slot {
    fn take(taken: &Rc<Cell<usize>>) -> Option<Self> {
        (taken.get() < MAX_COPIES).then(|| {
            taken.set(taken.get() + 1);
            Self(Rc::clone(taken))
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Mirror {
    /// One that copies so many of a hundred requests.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100 makes 0 to 2³² - 1")]
    pub(crate) fn new(cluster: usize, percent: f64, timeouts: UpstreamTimeouts, counts: Arc<Counts>) -> Self {
        Self { cluster, share: (percent / 100.0 * f64::from(u32::MAX)).round() as u64, timeouts, counts }
    }

    /// Sees to a copy of a request that is about to be sent, if it falls to this one.
    pub(crate) fn copy(&self, head: &Head, body: &mut Body, exchange: &Exchange) {
        if fastrand::u64(..u64::from(u32::MAX)) >= self.share {
            return;
        }
        let length = match body.length() {
            Length::Known(length) => Some(length),
            Length::Chunked | Length::UntilClose => None,
        };
        if length.is_some_and(|length| length > MAX_BODY as u64) {
            self.counts.too_large.fetch_add(1, Relaxed);
            return;
        }
        let Some(slot) = Slot::take(&exchange.worker.core.copies) else {
            self.counts.busy.fetch_add(1, Relaxed);
            return;
        };
        let copy = Copy {
            head: head.copy(&X_MIRRORED, b"true"),
            host: exchange.host.clone(),
            worker: Rc::clone(&exchange.worker),
            cluster: self.cluster,
            timeouts: self.timeouts,
            counts: Arc::clone(&self.counts),
            body: BytesMut::new(),
            slot,
        };
        if http_body::Body::is_end_stream(body) {
            copy.start();
        } else {
            body.watch(Box::new(copy));
        }
    }
}

/// A copy on its way: its body is gathered as the original's passes.
struct Copy {
    head: Head,
    host: Option<HeaderValue>,
    worker: Rc<Worker>,
    cluster: usize,
    timeouts: UpstreamTimeouts,
    counts: Arc<Counts>,
    body: BytesMut,
    slot: Slot,
}

impl Copy {
    fn start(self) {
        tokio::task::spawn_local(self.send());
    }

    async fn send(self) {
        let Self { mut head, host, worker, cluster, timeouts, counts, body, slot } = self;
        let body = body.freeze();
        head.declare_length(body.len());
        let outcome = worker.clusters[cluster].mirror(head, host, body, &timeouts).await;
        let is_good = outcome.as_ref().is_ok_and(|status| !status.is_server_error());
        if is_good { &counts.answered } else { &counts.failed }.fetch_add(1, Relaxed);
        tracing::debug!(?outcome, "a copy of a request ended");
        drop(slot);
    }
}

impl Watch for Copy {
    fn data(&mut self, data: &Bytes) -> bool {
        let fits = self.body.len() + data.len() <= MAX_BODY;
        if fits {
            self.body.extend_from_slice(data);
        } else {
            self.counts.too_large.fetch_add(1, Relaxed);
        }
        fits
    }

    fn end(self: Box<Self>) {
        self.start();
    }
}
