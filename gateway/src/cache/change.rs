//! What a request of an unsafe method makes of what is stored.
use http::{Request, Response, Uri, header};

use super::{policy, seen::key, store::Store};
use crate::{body::Body, exchange::Exchange, h1::client::Head, h1::head::raw_query};

/// Forgets what a request of an unsafe method for `path` has changed, by an answer that says that it went well (RFC 9111
/// §4.4): what it was about, and what the answer's `Location` and `Content-Location` name on the same host. The request
/// went by `head`, from a client that spoke `scheme`.
pub(crate) fn invalidate(
    store: &Store,
    (head, request): (&Head, &Request<Body>),
    path: &str,
    scheme: &str,
    exchange: &Exchange,
    response: &Response<Body>,
) {
    let status = response.status();
    if !policy::is_unsafe(&exchange.method) || !(status.is_success() || status.is_redirection()) {
        return;
    }
    let key = |path: &str, query: Option<&[u8]>| key(head, scheme, exchange, path, query);
    store.forget(&key(path, raw_query(request)));
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let Some(uri) = response.headers().get(name).and_then(|value| Uri::try_from(value.as_bytes()).ok()) else {
            continue;
        };
        let is_here = uri.authority().is_none_or(|authority| {
            let host = exchange.host.as_ref();
            host.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()))
        });
        if is_here && uri.path().starts_with('/') {
            store.forget(&key(uri.path(), uri.query().map(str::as_bytes)));
        }
    }
}
