//! Keys in a query: taken out of it, while the rest stays byte for byte.
use std::borrow::Cow;

use bytes::Bytes;
use http::{Request, Uri, uri::PathAndQuery};

use crate::{body::Body, h1::head::RawQuery};

/// Takes the parameters with these names out of a request's query, and tells of each with the number beside its name.
pub(super) fn cut(request: &mut Request<Body>, names: &[(Box<str>, usize)], mut found: impl FnMut(usize, &[u8])) {
    let raw = || request.extensions().get::<RawQuery>().map(|RawQuery(query)| &query[..]);
    let Some(query) = request.uri().query().map(str::as_bytes).or_else(raw) else { return };
    let Some(rest) = without(query, names, &mut found) else { return };
    if request.extensions().get::<RawQuery>().is_none() {
        *request.uri_mut() = with_query(request.uri(), &rest);
    } else if rest.is_empty() {
        request.extensions_mut().remove::<RawQuery>();
    } else {
        request.extensions_mut().insert(RawQuery(rest.into()));
    }
}

/// What is left of `query`, if anything was taken out of it.
fn without(query: &[u8], names: &[(Box<str>, usize)], found: &mut impl FnMut(usize, &[u8])) -> Option<Vec<u8>> {
    let number_of = |pair: &[u8]| {
        let name = decoded(&pair[..memchr::memchr(b'=', pair).unwrap_or(pair.len())]);
        names.iter().find(|(other, _)| other.as_bytes() == &*name).map(|(_, number)| *number)
    };
    let mut rest: Vec<&[u8]> = Vec::new();
    let mut is_cut = false;
    for pair in query.split(|&b| b == b'&') {
        if let Some(number) = number_of(pair) {
            let value = memchr::memchr(b'=', pair).map_or(&[][..], |equals| &pair[equals + 1..]);
            found(number, &decoded(value));
            is_cut = true;
        } else {
            rest.push(pair);
        }
    }
    is_cut.then(|| rest.join(&b'&'))
}

/// `uri` with another query; without one where that is empty.
fn with_query(uri: &Uri, query: &[u8]) -> Uri {
    let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
    let target = [uri.path().as_bytes(), mark, query].concat();
    // Less of a query is one as well; were it not, the path alone gives no key away.
    PathAndQuery::from_maybe_shared(Bytes::from(target))
        .or_else(|_| uri.path().parse())
        .map_or_else(|_| Uri::from_static("/"), Uri::from)
}

/// Percent-decoded (RFC 3986 §2.1); a `%` that encodes nothing stands for itself.
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        plain.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, keys: &[(usize, &str)], rest: Option<&str>) {
        let names = [("api_key".into(), 0), ("k".into(), 1)];
        let mut found = Vec::new();
        let left = without(query.as_bytes(), &names, &mut |number, key: &[u8]| {
            found.push((number, String::from_utf8(key.to_vec()).unwrap()));
        });
        let left = left.map(|left| String::from_utf8(left).unwrap());
        let found: Vec<_> = found.iter().map(|(number, key)| (*number, key.as_str())).collect();
        assert_eq!((left.as_deref(), &found[..]), (rest, keys), "{query}");
    }

    #[test]
    fn a_key_is_cut_out_and_the_rest_stays_byte_for_byte() {
        check("", &[], None);
        check("a=1&b=2", &[], None);
        check("api_keys=1&xapi_key=2&API_KEY=3&a=api_key", &[], None);
        check("api_key=K", &[(0, "K")], Some(""));
        check("api_key=K&a=%2f&&b='", &[(0, "K")], Some("a=%2f&&b='"));
        check("a=1&api_key=K&b=2", &[(0, "K")], Some("a=1&b=2"));
        check("a=1&api_key=K", &[(0, "K")], Some("a=1"));
        check("&api_key=K&", &[(0, "K")], Some("&"));
        check("api%5Fkey=K&%61pi_ke%79=L&k=M", &[(0, "K"), (0, "L"), (1, "M")], Some(""));
        check("api_key", &[(0, "")], Some(""));
        check("api_key=a%3Db=%zz%4&a", &[(0, "a=b=%zz%4")], Some("a"));
        check("%=1&api_key=ü", &[(0, "ü")], Some("%=1"));
    }

    #[test]
    fn a_request_keeps_its_path() {
        for (target, rest) in [("/a%2Db?k=1", "/a%2Db"), ("/a?b&k=1", "/a?b"), ("/?k", "/"), ("/a?b", "/a?b")] {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = target.parse().unwrap();
            cut(&mut request, &[("k".into(), 0)], |_, _| {});
            assert_eq!(request.uri(), rest);
        }
    }
}
