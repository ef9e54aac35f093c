//! Stage 8 without an upstream: answers to GET that were stored, as a shared cache may (RFC 9111).
//!
//! One fetch a URI: who comes while it runs waits for it. What is stored belongs to the URI as clients ask for it, and
//! to the route with its rules: under other rules it answers nobody.
mod answer;
mod arrive;
mod change;
mod collect;
mod control;
mod entry;
mod fetch;
mod flight;
mod policy;
mod seen;
mod store;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use http::{HeaderMap, HeaderName, Method, Request, header};
use smallvec::SmallVec;

pub(crate) use answer::{Answer, note};
pub(crate) use change::invalidate;
pub(crate) use seen::key;
pub(crate) use store::Store;

use crate::{body::Body, config::CacheRules, exchange::Exchange};
use control::Control;

/// A route's cache, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct RouteCache {
    store: Arc<Store>,
    rules: CacheRules,
    /// Tells its answers from those of other routes, and of other rules.
    route: u64,
    counts: Arc<Counts>,
}

/// How a route's requests were answered, over all workers.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    hit: AtomicU64,
    stale: AtomicU64,
    revalidated: AtomicU64,
    miss: AtomicU64,
    bypass: AtomicU64,
}

impl Counts {
    /// Each with its name.
    pub(crate) fn pairs(&self) -> [(&'static str, u64); 5] {
        let Self { hit, stale, revalidated, miss, bypass } = self;
        [("hit", hit), ("stale", stale), ("revalidated", revalidated), ("miss", miss), ("bypass", bypass)]
            .map(|(name, count)| (name, count.load(Relaxed)))
    }
}

/// A request that may be answered from the cache: what of it matters to that.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The client's conditions.
    conditions: HeaderMap,
    control: Control,
    is_head: bool,
    /// Whether it said who calls.
    is_known: bool,
}

/// Requests for a part, or on a condition that only the service can decide.
const BYPASS: [HeaderName; 4] = [header::RANGE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::IF_RANGE];

impl RouteCache {
    pub(crate) fn new(store: Arc<Store>, rules: CacheRules, route: u64, counts: Arc<Counts>) -> Self {
        Self { store, rules, route, counts }
    }

    /// What matters of a request; where it goes to the service whatever is stored, what `Cache-Status` says. The client's conditions are taken
    /// out of it: what is fetched is for all.
    pub(crate) fn asked(&self, request: &mut Request<Body>, exchange: &Exchange) -> Result<Asked, &'static str> {
        let fields = request.headers();
        let is_readable = policy::is_readable(request.method())
            && http_body::Body::is_end_stream(request.body())
            && !exchange.upgrades
            && !BYPASS.iter().any(|name| fields.contains_key(name));
        let control = Control::of(fields);
        if !is_readable || control.no_store {
            self.counts.bypass.fetch_add(1, Relaxed);
            return Err(if policy::is_readable(request.method()) { "fwd=bypass" } else { "fwd=method" });
        }
        let conditions = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE].into_iter().flat_map(|name| {
            let values = fields.get_all(&name).iter().cloned();
            values.map(move |value| (name.clone(), value)).collect::<SmallVec<[_; 1]>>()
        });
        let asked = Asked {
            conditions: conditions.collect(),
            control,
            is_head: request.method() == Method::HEAD,
            is_known: fields.contains_key(header::AUTHORIZATION)
                || exchange.identity.is_some()
                || !exchange.granted.is_empty(),
        };
        if !asked.is_head {
            request.headers_mut().remove(header::IF_NONE_MATCH);
            request.headers_mut().remove(header::IF_MODIFIED_SINCE);
        }
        Ok(asked)
    }
}
