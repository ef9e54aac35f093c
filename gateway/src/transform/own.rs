//! The fields that the gateway writes itself: who the client is (`X-Forwarded-For`, `-Proto`, `-Host`; `Forwarded`,
//! RFC 7239), the way that the request came (`Via`, RFC 9110 §7.6.3), its id and its place in a trace. A client's own are
//! believed only when it is one of `trusted_proxies`.
use http::{HeaderMap, HeaderName, HeaderValue, header};
use smallvec::SmallVec;

use crate::{
    config::HeaderRules,
    exchange::{Client, Exchange, TRACEPARENT, X_REQUEST_ID},
    h1::client::Lines,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Which of its own fields a route's rules leave to the gateway: a rule that removes or sets one has the last word.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "a switch for each field, independent of the others")]
pub(crate) struct OwnFields {
    request_id: bool,
    traceparent: bool,
    forwarded_for: bool,
    forwarded_proto: bool,
    forwarded_host: bool,
    forwarded: bool,
    via: bool,
}

impl OwnFields {
    /// What `rules` leave.
    pub(crate) fn under(rules: &HeaderRules) -> Self {
        let left = |name: HeaderName| !rules.remove.contains(&name) && !rules.set.iter().any(|(set, _)| *set == name);
        Self {
            request_id: left(X_REQUEST_ID),
            traceparent: left(TRACEPARENT),
            forwarded_for: left(X_FORWARDED_FOR),
            forwarded_proto: left(X_FORWARDED_PROTO),
            forwarded_host: left(X_FORWARDED_HOST),
            forwarded: left(header::FORWARDED),
            via: left(header::VIA),
        }
    }

    /// Writes them to `out`, and takes the client's own out of `fields`. They need no place in a map that is written out
    /// in the next moment: that was a tenth of what a request cost.
    pub(crate) fn write(self, fields: &mut HeaderMap, client: &Client, exchange: &Exchange, out: &mut Lines) {
        let told = Told::take(fields, exchange);
        let host = exchange.host.as_ref().map(HeaderValue::as_bytes);
        if self.request_id {
            out.put("x-request-id", &[&exchange.request_id]);
        }
        if self.traceparent {
            out.put("traceparent", &[&exchange.trace.traceparent]);
        }
        match (told, host) {
            (None, Some(host)) if self.is_whole_way() => client.way.write(host, out),
            (told, host) => self.write_way(&told.unwrap_or_default(), host, client, out),
        }
    }

    fn is_whole_way(self) -> bool {
        self.forwarded_for && self.forwarded_proto && self.forwarded_host && self.forwarded && self.via
    }

    /// The way that the request came, where something was told of it before or a rule leaves a part of it out.
    fn write_way(self, told: &Told, host: Option<&[u8]>, client: &Client, out: &mut Lines) {
        let peer = client.way.peer();
        if self.forwarded_for {
            put_list(out, "x-forwarded-for", &told.forwarded_for, &[peer]);
        }
        if self.forwarded_proto {
            let told = told.proto.as_ref().map(HeaderValue::as_bytes);
            out.put("x-forwarded-proto", &[told.unwrap_or(client.scheme.as_bytes())]);
        }
        if let Some(host) = told.host.as_ref().map(HeaderValue::as_bytes).or(host).filter(|_| self.forwarded_host) {
            out.put("x-forwarded-host", &[host]);
        }
        if self.forwarded {
            let (before, host, after): (&[u8], &[u8], &[u8]) = match host {
                Some(host) => (b";host=\"", host, b"\";proto="),
                None => (b"", b"", b";proto="),
            };
            let element = [client.way.forwarded_for(), before, host, after, client.scheme.as_bytes()];
            put_list(out, "forwarded", &told.forwarded, &element);
        }
        if self.via {
            put_list(out, "via", &told.via, &[client.way.via()]);
        }
    }
}

/// What the client's side told of the way so far, as far as it is believed.
#[derive(Default)]
struct Told {
    forwarded_for: List,
    proto: Option<HeaderValue>,
    host: Option<HeaderValue>,
    forwarded: List,
    via: List,
}

type List = SmallVec<[HeaderValue; 2]>;

impl Told {
    /// Takes out of `fields` whatever stands under a name that the gateway writes; `None` where nothing does.
    fn take(fields: &mut HeaderMap, exchange: &Exchange) -> Option<Self> {
        // Nearly no client sends one: a look at each name is cheaper than a look-up of each of ours.
        if !fields.keys().any(|name| matches!(name.as_str().as_bytes()[0], b'x' | b'f' | b't' | b'v')) {
            return None;
        }
        fields.remove(X_REQUEST_ID);
        fields.remove(TRACEPARENT);
        if !exchange.trace.is_continued {
            fields.remove(TRACESTATE); // It belongs to the trace that is not continued (Trace Context §3.3).
        }
        let told = Self {
            forwarded_for: take_all(fields, &X_FORWARDED_FOR),
            proto: fields.remove(X_FORWARDED_PROTO),
            host: fields.remove(X_FORWARDED_HOST),
            forwarded: take_all(fields, &header::FORWARDED).into_iter().filter(ends_its_quotes).collect(),
            via: List::new(),
        };
        let via = take_all(fields, &header::VIA);
        if exchange.is_trusted {
            return Some(Self { via, ..told });
        }
        // Whatever else proxies tell of clients under this prefix (`-User`, `-Prefix`, `-Uri`), nobody told it here.
        let others = fields.keys().filter(|name| is_forwarded(name.as_str()) || **name == X_REAL_IP);
        let others: SmallVec<[HeaderName; 4]> = others.cloned().collect();
        for name in others {
            fields.remove(name);
        }
        Some(Self { via, ..Self::default() })
    }
}

/// Whether a name begins with `x-forwarded-`, also with `_` for `-`.
fn is_forwarded(name: &str) -> bool {
    const PREFIX: &[u8] = b"x-forwarded-";
    let letters = name.bytes().zip(PREFIX);
    name.len() > PREFIX.len() && letters.into_iter().all(|(a, b)| a == *b || (a == b'_' && *b == b'-'))
}

/// Whether a list is one that another element may be added to: behind a quote that is not ended, it would be text
/// (RFC 7239 §4).
fn ends_its_quotes(list: &HeaderValue) -> bool {
    let (mut is_quoted, mut bytes) = (false, list.as_bytes().iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => drop(bytes.next()),
            _ => {}
        }
    }
    !is_quoted
}

fn take_all(fields: &mut HeaderMap, name: &HeaderName) -> List {
    let all: List = fields.get_all(name).iter().cloned().collect();
    if !all.is_empty() {
        fields.remove(name);
    }
    all
}

/// One field: what the list holds already, then one more element, which comes in pieces.
fn put_list(out: &mut Lines, name: &'static str, earlier: &List, element: &[&[u8]]) {
    if earlier.is_empty() {
        return out.put(name, element);
    }
    let earlier = earlier.iter().flat_map(|value| [value.as_bytes(), b", "]);
    let pieces: SmallVec<[&[u8]; 16]> = earlier.chain(element.iter().copied()).collect();
    out.put(name, &pieces);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_would_swallow_the_next_element_is_told() {
        let check = |list: &'static str, expected| {
            assert_eq!(ends_its_quotes(&HeaderValue::from_static(list)), expected, "{list}");
        };
        check("for=192.0.2.1, for=\"[2001:db8::1]\";proto=https", true);
        check("for=\"a\\\"b\"", true);
        check("for=\"1.1.1.1", false);
        check("for=\"a\\\"", false);
    }
}
