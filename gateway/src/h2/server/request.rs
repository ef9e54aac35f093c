//! A request's head as the walk knows it: what `h2` lets through but a strict reader must not is refused (RFC 9113 §8),
//! and what HTTP/2 says in another way is said as HTTP/1.1 says it.
use ::h2::ext::Protocol;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header,
    request::Parts,
    uri::{self, PathAndQuery},
};

use crate::{
    config::Limits,
    h1::{
        framing::{self, Length},
        head::{BadHead, Seen, is_host},
    },
    rejection::Rejection,
    tunnel::handshake,
};

/// A head that is good.
#[derive(Debug)]
pub(super) struct Read {
    /// Its target in origin form or `*`, its authority as Host.
    pub(super) request: Request<()>,
    pub(super) length: Length,
    /// Whether it waits for a 100 before it sends its body.
    pub(super) expects_continue: bool,
    /// Whether the stream is to become a WebSocket: it has no body then.
    pub(super) is_websocket: bool,
}

/// Reads a head; `is_end` says that no body follows.
pub(super) fn read(mut head: Parts, is_end: bool, limits: &Limits) -> Result<Read, Box<BadHead>> {
    let uri = std::mem::take(&mut head.uri).into_parts();
    let protocol = head.extensions.remove::<Protocol>();
    // Of the request that asks for one it is told what HTTP/1.1 says: a GET.
    let is_websocket = protocol.as_ref().is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"));
    let checked = match check(&mut head, uri, is_end || is_websocket, limits) {
        Ok(_) if protocol.is_some() && !is_websocket => Err(Rejection::ProtocolUnsupported),
        // A tunnel has no length (RFC 9110 §9.3.6).
        Ok((length, _)) if is_websocket && length != Length::Known(0) => {
            Err(Rejection::BadRequest("A WebSocket has no body.".into()))
        }
        checked => checked,
    };
    match checked {
        Ok((length, expects_continue)) => {
            if is_websocket {
                handshake::ask(&mut head);
            }
            Ok(Read { request: Request::from_parts(head, ()), length, expects_continue, is_websocket })
        }
        Err(rejection) => Err(Box::new(BadHead {
            rejection,
            method: Some(head.method),
            uri: Some(head.uri),
            version: Version::HTTP_2,
            origin: head.headers.remove(header::ORIGIN),
        })),
    }
}

fn check(head: &mut Parts, uri: uri::Parts, is_end: bool, limits: &Limits) -> Result<(Length, bool), Rejection> {
    let path = uri.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
    if path.as_str().len() > limits.uri {
        return Err(Rejection::UriTooLong { limit: limits.uri });
    }
    let text = path.as_str();
    let target_is_sound = text.starts_with('/') || (text == "*" && head.method == Method::OPTIONS);
    let size = text.len() + head.method.as_str().len() + uri.authority.as_ref().map_or(0, |name| name.as_str().len());
    head.uri = Uri::from(path);
    let facts = look_through(&head.headers, size, limits)?;
    if !target_is_sound {
        return Err(Rejection::PathInvalid("The path does not begin with a slash.".into()));
    }
    set_host(&mut head.headers, &facts.seen, uri.authority.as_ref())?;
    if facts.cookies > 1 {
        join_cookies(&mut head.headers)?;
    }
    let length = framing::of_request(Version::HTTP_11, &facts.seen)
        .map_err(|fault| Rejection::BadRequest(format!("The request has {fault}.").into()))?;
    let length = if facts.seen.lengths == 0 && !is_end { Length::Chunked } else { length };
    let expects_continue = match facts.seen.expect.then(|| head.headers.get(header::EXPECT)).flatten() {
        None => false,
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => !is_end,
        Some(_) => return Err(Rejection::ExpectationFailed),
    };
    Ok((length, expects_continue))
}

/// What the fields say of the message itself.
struct Facts {
    seen: Seen,
    cookies: usize,
}

/// Looks at each field once; `size` is that of the rest of the head.
fn look_through(fields: &HeaderMap, mut size: usize, limits: &Limits) -> Result<Facts, Rejection> {
    if fields.len() > limits.headers {
        return Err(Rejection::HeadersTooLarge);
    }
    let mut facts = Facts { seen: Seen::default(), cookies: 0 };
    for (name, value) in fields {
        let bytes = value.as_bytes();
        size += name.as_str().len() + bytes.len() + 4; // `: ` and the line's end
        // RFC 9113 §8.2.1; and a lax reader behind us could take the two names for those that frame a message.
        let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        if is_blank(bytes.first()) || is_blank(bytes.last()) || is_confusable(name) {
            return Err(Rejection::BadRequest("A header field is malformed.".into()));
        }
        facts.seen.note(name, bytes);
        facts.cookies += usize::from(*name == header::COOKIE);
    }
    if size > limits.header {
        return Err(Rejection::HeadersTooLarge);
    }
    Ok(facts)
}

fn is_confusable(name: &HeaderName) -> bool {
    matches!(name.as_str(), "transfer_encoding" | "content_length")
}

/// `:authority` as Host; where both are there they are the same (RFC 9113 §8.3.1).
fn set_host(fields: &mut HeaderMap, seen: &Seen, authority: Option<&uri::Authority>) -> Result<(), Rejection> {
    let invalid = |why: &'static str| Err(Rejection::HostInvalid(why.into()));
    if seen.hosts > 1 {
        return invalid("The request has more than one Host field.");
    }
    match (authority.map(uri::Authority::as_str), fields.get(header::HOST)) {
        (None, None) => invalid("The request has neither `:authority` nor a Host field."),
        (None, Some(_)) if seen.is_host_sound => Ok(()),
        (Some(name), _) if !is_host(name.as_bytes()) => invalid("The authority is no host, or no host and port."),
        (Some(name), Some(host)) if host.as_bytes().eq_ignore_ascii_case(name.as_bytes()) => Ok(()),
        (Some(name), None) => {
            // What names a host is a value.
            let _ = HeaderValue::from_str(name).map(|host| fields.insert(header::HOST, host));
            Ok(())
        }
        (None, Some(_)) => invalid("The Host field is no host, or no host and port."),
        (Some(_), Some(_)) => invalid("The Host field and `:authority` name two hosts."),
    }
}

/// One field of what was split for the sake of compression (RFC 9113 §8.2.3).
fn join_cookies(fields: &mut HeaderMap) -> Result<(), Rejection> {
    let crumbs: Vec<&[u8]> = fields.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let whole = HeaderValue::from_maybe_shared(crumbs.join(&b"; "[..]));
    let whole = whole.map_err(|_| Rejection::BadRequest("A cookie is malformed.".into()))?;
    fields.insert(header::COOKIE, whole);
    Ok(())
}

#[cfg(test)]
mod tests;
