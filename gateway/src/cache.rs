//! Stage 8 without an upstream: answers to GET that were stored, as a shared cache may (RFC 9111).
//!
//! One fetch a URI: who comes while it runs waits for it. What is stored belongs to the URI as clients ask for it, and
//! to the route with its rules: under other rules it answers nobody.
mod answer;
mod collect;
mod control;
mod entry;
mod fetch;
mod policy;
mod store;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header};

pub(crate) use answer::Answer;
pub(crate) use store::{Key, Store};

use crate::{body::Body, config::CacheRules, exchange::Exchange, h1::head::raw_query};
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
    key: Key,
    /// The client's fields.
    fields: HeaderMap,
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

    /// What matters of a request for `path`, its normalised path; none where it goes to the service whatever is stored.
    /// The client's conditions are taken out of it: what is fetched is for all.
    pub(crate) fn asked(
        &self,
        request: &mut Request<Body>,
        path: &str,
        scheme: &str,
        exchange: &Exchange,
    ) -> Option<Asked> {
        let fields = request.headers();
        let is_readable = policy::is_readable(request.method())
            && http_body::Body::is_end_stream(request.body())
            && !exchange.upgrades
            && !BYPASS.iter().any(|name| fields.contains_key(name));
        let control = Control::of(fields);
        if !is_readable || control.no_store {
            self.counts.bypass.fetch_add(1, Relaxed);
            return None;
        }
        let asked = Asked {
            key: key(scheme, exchange.host.as_ref(), path, raw_query(request)),
            fields: fields.clone(),
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
        Some(asked)
    }
}

/// What a client asks for, as one text.
fn key(scheme: &str, host: Option<&HeaderValue>, path: &str, query: Option<&[u8]>) -> Key {
    let host = host.map(|host| host.as_bytes().to_ascii_lowercase()).unwrap_or_default();
    let mut key = [scheme.as_bytes(), b"://", &host, path.as_bytes()].concat();
    if let Some(query) = query {
        key.push(b'?');
        key.extend_from_slice(query);
    }
    key.into()
}

/// Forgets what a request of an unsafe method has changed, by an answer that says that it went well (§4.4): what it was
/// about, and what the answer's `Location` and `Content-Location` name on the same host.
pub(crate) fn invalidate(
    store: &Store,
    request: &Request<Body>,
    path: &str,
    scheme: &str,
    exchange: &Exchange,
    response: &Response<Body>,
) {
    let status = response.status();
    if !policy::is_unsafe(&exchange.method) || !(status.is_success() || status.is_redirection()) {
        return;
    }
    let host = exchange.host.as_ref();
    store.forget(&key(scheme, host, path, raw_query(request)));
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let Some(uri) = response.headers().get(name).and_then(|value| Uri::try_from(value.as_bytes()).ok()) else {
            continue;
        };
        let is_here = uri.authority().is_none_or(|authority| {
            host.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()))
        });
        if is_here && uri.path().starts_with('/') {
            store.forget(&key(scheme, host, uri.path(), uri.query().map(str::as_bytes)));
        }
    }
}
