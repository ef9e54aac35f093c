//! What the walk has learnt about one request; its end is the request's log line and metrics.
use std::{
    cell::Cell,
    net::{IpAddr, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};
use ipnet::IpNet;
use smallvec::SmallVec;

use crate::{
    h1::{client::Lines, encode},
    live::Lane,
    permit::{Rules, rate::Rate},
    rejection::{CODES, Rejection},
    telemetry::access_log::Line,
    tls::Chosen,
    worker::Worker,
};

/// The id of a request: kept from a trusted proxy, else made (UUIDv7); sent to the upstream and to the client.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id itself: visible ASCII without quotes. One that was made here lies in place.
pub(crate) type RequestId = SmallVec<[u8; 36]>;

/// W3C Trace Context: which trace a request belongs to, and under which span.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request's place in a trace.
#[derive(Debug, Clone)]
pub(crate) struct TracePosition {
    /// What the upstream is told: the trace, and a span of this gateway.
    pub(crate) traceparent: [u8; 55],
    /// Whether the client began the trace.
    pub(crate) is_continued: bool,
}

/// The peer of one connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    /// What upstreams are told of it.
    pub(crate) way: Way,
    /// The `X-Forwarded-Proto` of this connection.
    pub(crate) scheme: &'static str,
    /// The certificate that its requests must stay with, where clients are asked for theirs.
    pub(crate) bound: Option<Chosen>,
}

impl Client {
    /// The peer at `address`.
    pub(crate) fn new(address: SocketAddr, scheme: &'static str) -> Self {
        Self { address, way: Way::new(address.ip().to_canonical(), scheme, "1.1"), scheme, bound: None }
    }

    /// The same, over HTTP/2.
    pub(crate) fn over_http2(self) -> Self {
        Self { way: Way::new(self.address.ip().to_canonical(), self.scheme, "2"), ..self }
    }

    /// Whether its address is in one of these.
    pub(crate) fn is_one_of(&self, nets: &[IpNet]) -> bool {
        // Nearly nobody names any.
        !nets.is_empty() && nets.iter().any(|net| net.contains(&self.address.ip().to_canonical()))
    }
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client that sent it first, as far as trusted proxies tell.
    pub(crate) client: IpAddr,
    /// Whether the peer is one of `trusted_proxies`.
    pub(crate) is_trusted: bool,
}

/// The fields that say which way a request came, but for its Host: the same for all requests of a connection.
#[derive(Debug)]
pub(crate) struct Way {
    /// `x-forwarded-for: …` to `x-forwarded-host: `, then `\r\nforwarded: for=…;host="`, then `";proto=…\r\n`.
    text: Box<[u8]>,
    /// Where the second and the third part begin: a Host comes before each.
    parts: (u8, u8),
    /// How long the address is as text.
    peer: u8,
    /// `2 gateway`: what `Via` says, with the version of HTTP that the client speaks.
    via: Box<[u8]>,
}

impl Way {
    const FIRST: &str = "x-forwarded-for: ";
    const SECOND: &str = "\r\nforwarded: ";

    fn new(ip: IpAddr, scheme: &str, version: &str) -> Self {
        // An IPv6 address is quoted and bracketed (RFC 7239 §6). A Host that was let in holds no quote.
        let node = if ip.is_ipv4() { format!("for={ip}") } else { format!("for=\"[{ip}]\"") };
        let via = format!("{version} gateway");
        let first = format!("{}{ip}\r\nx-forwarded-proto: {scheme}\r\nvia: {via}\r\nx-forwarded-host: ", Self::FIRST);
        let second = format!("{}{node};host=\"", Self::SECOND);
        let third = format!("\";proto={scheme}\r\n");
        let short = |length: usize| u8::try_from(length).expect("an address has at most 45 characters");
        Self {
            parts: (short(first.len()), short(first.len() + second.len())),
            peer: short(ip.to_string().len()),
            text: [first, second, third].concat().into_bytes().into(),
            via: via.into_bytes().into(),
        }
    }

    /// Every field of it, for a request to `host`.
    pub(crate) fn write(&self, host: &[u8], out: &mut Lines) {
        let (second, third) = (usize::from(self.parts.0), usize::from(self.parts.1));
        for part in [&self.text[..second], host, &self.text[second..third], host, &self.text[third..]] {
            out.append(part);
        }
    }

    /// What `X-Forwarded-For` says: the address.
    pub(crate) fn peer(&self) -> &[u8] {
        &self.text[Self::FIRST.len()..][..usize::from(self.peer)]
    }

    /// What `Via` says.
    pub(crate) fn via(&self) -> &[u8] {
        &self.via
    }

    /// How an element of `Forwarded` begins: `for=192.0.2.1`, `for="[2001:db8::1]"`.
    pub(crate) fn forwarded_for(&self) -> &[u8] {
        let begin = usize::from(self.parts.0) + Self::SECOND.len();
        &self.text[begin..usize::from(self.parts.1) - ";host=\"".len()]
    }
}

/// Who calls, as the gateway found out: from a token, or from an API key.
#[derive(Debug, Default)]
pub struct Identity {
    /// What the upstream is told, as it goes over the wire: `x-user-id: 7\r\n` and so on.
    pub(crate) lines: Box<[u8]>,
    pub(crate) scopes: Vec<Box<str>>,
    /// The claims that limits count by, as text: name and value.
    pub(crate) claims: Vec<(Box<str>, Box<str>)>,
}

/// Where a caller stands under the limit that applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests that are left.
    pub(crate) remaining: u32,
    /// Seconds until there are more.
    pub(crate) reset: u32,
}

/// One request on its way, from its head to the end of its answer.
#[allow(clippy::struct_excessive_bools, reason = "facts that do not depend on one another")]
pub(crate) struct Exchange {
    pub(crate) worker: Rc<Worker>,
    pub(crate) started: Instant,
    pub(crate) request_id: RequestId,
    pub(crate) trace: TracePosition,
    /// The client that sent it first, as far as trusted proxies tell.
    pub(crate) client: IpAddr,
    /// Whether the peer is one of `trusted_proxies`.
    pub(crate) is_trusted: bool,
    pub(crate) method: Method,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) uri: Option<Uri>,
    pub(crate) version: Version,
    /// Whether it is a call of gRPC.
    pub(crate) is_grpc: bool,
    /// When its client wants its answer whole, which calls of gRPC may say.
    pub(crate) deadline: Option<Instant>,
    pub(crate) bytes_in: Option<Rc<Cell<u64>>>,
    pub(crate) bytes_out: u64,
    /// The index of the route that took it.
    pub(crate) route: Option<usize>,
    /// The `Origin` that it came from, where any route has a policy for that.
    pub(crate) origin: Option<HeaderValue>,
    /// Who calls, once stage 5 knows.
    pub(crate) identity: Option<Rc<Identity>>,
    /// Where the caller stands, if a limit applied.
    pub(crate) standing: Option<Standing>,
    /// When it might go on: when it began, unless stage 5 had to ask somebody.
    pub(crate) permitted: Instant,
    /// What an authoriser says of the caller: fields for the upstream.
    pub(crate) granted: Vec<(HeaderName, HeaderValue)>,
    /// The cluster and the upstream that answered, or failed, last.
    pub(crate) upstream: Option<(usize, usize)>,
    /// From the pick of an upstream to the head of its answer.
    pub(crate) upstream_time: Option<Duration>,
    pub(crate) retries: u32,
    /// Upstreams that it was sent to because another was slow.
    pub(crate) hedged: u32,
    /// Whether it may be sent once more, to whomever: no byte of it was seen, or it is idempotent and has no body.
    pub(crate) may_resend: bool,
    /// Whose request it is, where its upstream is chosen by that.
    pub(crate) affinity: u64,
    /// Whether it asks for a WebSocket, and may become one.
    pub(crate) upgrades: bool,
    /// 0 until there is an answer.
    pub(crate) status: u16,
    /// Why there is none, or why it broke off: a code's index.
    pub(crate) failure: Option<usize>,
    /// Whether the answer's last byte was taken.
    pub(crate) ended: bool,
}

impl Exchange {
    /// Notes why the request failed; the first reason stays.
    pub(crate) fn fail(&mut self, rejection: &Rejection) {
        self.failure.get_or_insert(rejection.index());
    }

    /// When its answer must be whole: as its client says, or as its route does, by a `timeouts.total`.
    #[inline]
    pub(crate) fn deadline(&self, total: Option<Duration>) -> Option<Instant> {
        let own = total.map(|total| self.started + total);
        if self.deadline.is_none() { own } else { self.deadline.into_iter().chain(own).min() }
    }

    /// The route's rules.
    pub(crate) fn lane(&self) -> Option<&Lane> {
        self.route.map(|route| &self.worker.live.lanes[route])
    }

    /// What stage 5 asks of it: the route's rules, or those for what no route takes.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        self.lane().map_or(&self.worker.live.unrouted, |lane| &lane.permit).rules.as_deref()
    }

    /// When its answer was made, for one that does not say (RFC 9110 §6.6.1).
    pub(crate) fn date(&self) -> HeaderValue {
        self.worker.core.clock.date(Instant::now())
    }

    /// Writes the fields that an answer of this exchange has from the gateway, as they go over the wire.
    pub(crate) fn write_fields(&self, out: &mut Vec<u8>) {
        encode::field(out, X_REQUEST_ID.as_str(), &self.request_id);
        if let (Some(standing), Some(rate)) = (self.standing, self.rules().and_then(|rules| rules.rate.as_ref())) {
            rate.write(standing, out);
        }
    }

    /// Puts the same fields into `fields`, in the place of an upstream's own. Each request has others: none is worth a
    /// place in a table of fields (RFC 7541 §7.1.3).
    pub(crate) fn put_fields(&self, fields: &mut HeaderMap) {
        fields.entry(header::DATE).or_insert_with(|| self.date());
        if let Ok(mut id) = HeaderValue::from_bytes(&self.request_id) {
            id.set_sensitive(true);
            fields.insert(X_REQUEST_ID, id);
        }
        if let (Some(standing), Some(rate)) = (self.standing, self.rules().and_then(|rules| rules.rate.as_ref())) {
            rate.put(standing, fields);
        }
    }

    /// Whether a field is one of those: an upstream's own is not about this exchange.
    pub(crate) fn writes(&self, name: &HeaderName) -> bool {
        *name == X_REQUEST_ID || (self.standing.is_some() && Rate::writes(name))
    }

    /// What the access log says of it.
    fn line(&self, now: Instant, duration: Duration, status: u16) -> Line<'_> {
        let clusters = &self.worker.live.clusters;
        let upstream = self.upstream.map(|(cluster, upstream)| &clusters[cluster].upstreams[upstream]);
        Line {
            unix_micros: self.worker.core.clock.unix_micros(now),
            request_id: &self.request_id,
            client: self.client,
            method: self.method.as_str(),
            host: self.host.as_ref().map_or(&[][..], HeaderValue::as_bytes),
            path: self.uri.as_ref().map_or("", Uri::path),
            version: self.version,
            route: self.lane().map(|lane| &*lane.log_fields),
            upstream: upstream.map(|upstream| &*upstream.url),
            upstream_address: upstream.and_then(|upstream| upstream.address()),
            status,
            code: self.failure.map(|code| CODES[code]),
            bytes_in: self.bytes_in.as_ref().map_or(0, |bytes| bytes.get()),
            bytes_out: self.bytes_out,
            duration,
            upstream_time: self.upstream_time,
            retries: self.retries,
            hedged: self.hedged,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let now = Instant::now();
        if self.status == 0 || (!self.ended && self.failure.is_none()) {
            // The client went before its answer, or before the end of it.
            self.fail(&Rejection::ClientClosed);
        }
        let status = if self.status == 0 { 499 } else { self.status };
        let worker = &self.worker;
        worker.core.gauges.in_flight.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        let duration = now - self.started;
        worker.shard.record(self.route, status, self.failure, duration, self.upstream_time);
        worker.core.log.line(|out| self.line(now, duration, status).write(&worker.core.clock, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_a_request_is_told_in_five_fields() {
        let check = |ip: &str, scheme: &'static str, version: &str, expected: &str| {
            let way = Way::new(ip.parse().unwrap(), scheme, version);
            let written = Lines::written(|out| way.write(b"example.com:8000", out));
            assert_eq!(String::from_utf8(written).unwrap(), expected.replace('\n', "\r\n"));
            assert_eq!(way.peer(), ip.as_bytes());
            let element = format!("forwarded: {};host=", str::from_utf8(way.forwarded_for()).unwrap());
            assert!(expected.contains(&element), "{element}");
        };
        check(
            "192.0.2.1",
            "http",
            "1.1",
            "x-forwarded-for: 192.0.2.1\nx-forwarded-proto: http\nvia: 1.1 gateway\n\
             x-forwarded-host: example.com:8000\nforwarded: for=192.0.2.1;host=\"example.com:8000\";proto=http\n",
        );
        let longest = "1111:2222:3333:4444:5555:6666:7777:8888";
        check(
            longest,
            "https",
            "2",
            &format!(
                "x-forwarded-for: {longest}\nx-forwarded-proto: https\nvia: 2 gateway\n\
                 x-forwarded-host: example.com:8000\n\
                 forwarded: for=\"[{longest}]\";host=\"example.com:8000\";proto=https\n"
            ),
        );
    }
}
