//! What a request of an unsafe method makes of what is stored.
use std::borrow::Cow;

use http::{Request, Response, header};

use super::{policy, seen::key, store::Store};
use crate::{
    body::Body,
    exchange::Exchange,
    h1::{client::Head, head::raw_query},
    path::normalise,
};

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
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        let Some(place) = value.and_then(|value| Place::of(value, path)) else { continue };
        let host = exchange.host.as_ref().map(http::HeaderValue::as_bytes).unwrap_or_default();
        if place.authority.is_none_or(|authority| authority.as_bytes().eq_ignore_ascii_case(host)) {
            store.forget(&key(&place.path, place.query.map(str::as_bytes)));
        }
    }
}

/// What a reference names (RFC 3986 §5.2).
#[derive(Debug, PartialEq, Eq)]
struct Place<'r> {
    /// None: that of the request.
    authority: Option<&'r str>,
    /// As clients ask for it.
    path: Cow<'r, str>,
    query: Option<&'r str>,
}

impl<'r> Place<'r> {
    /// Of a reference in the answer to a request for `base`; none where it names nothing that could be stored.
    fn of(reference: &'r str, base: &str) -> Option<Self> {
        let reference = reference.split_once('#').map_or(reference, |(before, _)| before).trim();
        let (rest, query) = reference.split_once('?').map_or((reference, None), |(path, query)| (path, Some(query)));
        let is_scheme = |scheme: &str| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let (authority, path) = match rest.split_once("//") {
            Some((scheme, place)) if scheme.is_empty() || scheme.strip_suffix(':').is_some_and(is_scheme) => {
                let (authority, path) = place.find('/').map_or((place, "/"), |at| place.split_at(at));
                (Some(authority), path)
            }
            _ => (None, rest),
        };
        let (folder, _) = base.rsplit_once('/')?;
        let path = match path {
            "" => Cow::Owned(base.to_owned()),
            _ if path.starts_with('/') => normalise(path).ok()?,
            // The first segment of a relative one holds no colon: before that stands a scheme.
            _ if path.split('/').next().is_some_and(|first| first.contains(':')) => return None,
            _ => Cow::Owned(normalise(&format!("{folder}/{path}")).ok()?.into_owned()),
        };
        Some(Self { authority, path, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_resolved() {
        let check = |reference: &str, expected: Option<(Option<&str>, &str, Option<&str>)>| {
            let place = Place::of(reference, "/dir/make");
            let found = place.as_ref().map(|place| (place.authority, &*place.path, place.query));
            assert_eq!(found, expected, "{reference}");
        };
        check("item", Some((None, "/dir/item", None)));
        check("./item?a=/b//c#d", Some((None, "/dir/item", Some("a=/b//c"))));
        check("../item", Some((None, "/item", None)));
        check("?a", Some((None, "/dir/make", Some("a"))));
        check("", Some((None, "/dir/make", None)));
        check("/x/../y%41", Some((None, "/yA", None)));
        check("//other/x", Some((Some("other"), "/x", None)));
        check("HTTP://other:80", Some((Some("other:80"), "/", None)));
        check("https://other/x?y", Some((Some("other"), "/x", Some("y"))));
        check("mailto:x", None);
        check("ftp://other/x", None);
    }
}
