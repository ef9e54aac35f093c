//! A request's target, and the query of one that no URI can hold.
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header, uri::PathAndQuery};

use super::{Seen, is_host};
use crate::rejection::Rejection;

/// A query that [`Uri`] can't hold, kept as a request's extension: it is passed on byte for byte all the same.
#[derive(Debug, Clone)]
pub(crate) struct RawQuery(pub(crate) Bytes);

/// A request's query, if it is text.
pub(crate) fn query<B>(request: &Request<B>) -> Option<&str> {
    let raw = || request.extensions().get::<RawQuery>().and_then(|RawQuery(query)| str::from_utf8(query).ok());
    request.uri().query().or_else(raw)
}

/// A request's query as it came.
pub(crate) fn raw_query<B>(request: &Request<B>) -> Option<&[u8]> {
    let raw = || request.extensions().get::<RawQuery>().map(|RawQuery(query)| &**query);
    request.uri().query().map(str::as_bytes).or_else(raw)
}

/// Reads the target in origin form or `*` (RFC 9112 §3.2); an absolute form's authority replaces Host (§3.2.2).
pub(super) fn read_target<B>(target: Bytes, request: &mut Request<B>, seen: &mut Seen) -> Result<(), Rejection> {
    let invalid = || Rejection::PathInvalid("The target is neither a path nor an absolute URI.".into());
    if memchr::memchr(b'#', &target).is_some() {
        return Err(Rejection::PathInvalid("The target has a fragment (a raw `#`).".into()));
    }
    if target.starts_with(b"/") || (target == "*" && request.method() == Method::OPTIONS) {
        return origin_form(&target, request).ok_or_else(invalid);
    }
    if request.method() == Method::CONNECT {
        return Ok(()); // Refused by its method: a gateway opens no tunnel.
    }
    let uri = Uri::from_maybe_shared(target).map_err(|_| invalid())?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(invalid());
    };
    if seen.hosts > 1 {
        return Err(Rejection::HostInvalid("The request has more than one Host field.".into()));
    }
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| invalid())?;
    (seen.hosts, seen.is_host_sound) = (1, is_host(host.as_bytes()));
    request.headers_mut().insert(header::HOST, host);
    *request.uri_mut() = match uri.path_and_query() {
        None => PathAndQuery::from_static("/").into(),
        // An empty path is `/` in origin form (RFC 9112 §3.2.1), whatever follows it.
        Some(path) if path.as_str().starts_with('?') => {
            PathAndQuery::from_maybe_shared(Bytes::from(["/", path.as_str()].concat())).map_err(|_| invalid())?.into()
        }
        Some(path) => path.clone().into(),
    };
    Ok(())
}

fn origin_form<B>(target: &Bytes, request: &mut Request<B>) -> Option<()> {
    if let Ok(path) = PathAndQuery::from_maybe_shared(target.clone()) {
        *request.uri_mut() = path.into();
        return Some(());
    }
    // httparse has let no control character and no space through, and `#` is refused above.
    let question_mark = memchr::memchr(b'?', target)?;
    *request.uri_mut() = PathAndQuery::from_maybe_shared(target.slice(..question_mark)).ok()?.into();
    request.extensions_mut().insert(RawQuery(target.slice(question_mark + 1..)));
    Some(())
}
