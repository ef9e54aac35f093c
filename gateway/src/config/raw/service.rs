//! `[services.NAME]`: a service, its upstreams and its routes.
use super::{
    RawBodyLimit, RawCache, RawCircuitBreaker, RawCors, RawForwardAuth, RawHeaderRules, RawHealth, RawHedge,
    RawLoadBalance, RawMaxInFlight, RawRateLimit, RawRetry, RawRoute, RawTimeouts, RawUpstream, RawUpstreamTls,
};
use crate::config::read::{Brief, Length, OneOrMany, OrOff, Text, Toggle, table};

table! {
    /// One service: its upstreams and what is routed to them.
    RawService {
        /// Where it runs: URLs such as `http://127.0.0.1:8001`, or tables with a weight.
        #[required]
        upstreams: OneOrMany<Brief<RawUpstream>>,
        /// What its upstreams speak: `http1`, `h2` (HTTP/2 over TLS, by ALPN) or `h2c` (HTTP/2 without TLS, by prior knowledge).
        protocol: Text = "http1",
        /// How its `https://` upstreams are trusted; by the system's roots, for their own names, unless this says otherwise.
        tls: RawUpstreamTls,
        /// Whether the gateway is unhealthy without it.
        critical: bool = true,
        /// How its upstreams are probed: a path, a table, or false to turn an inherited probe off.
        health: OrOff<Brief<RawHealth>>,
        /// Which upstream a request goes to: `round_robin`, `least_requests`, `p2c`, or a table with `hash`.
        load_balance: RawLoadBalance,
        /// Over what time the weight of an upstream that is back grows.
        slow_start: Length = "0s",
        /// Requests that one upstream is at work on at once, or `adaptive`; a few wait a little for room. Default any number.
        max_in_flight: RawMaxInFlight,
        /// When an upstream that fails is shut out for a while; false for never.
        circuit_breaker: OrOff<RawCircuitBreaker>,
        /// How long its upstreams may take.
        timeouts: RawTimeouts,
        /// When a request is sent again, or false for never.
        retry: OrOff<RawRetry>,
        /// When a request that is slow is sent to another upstream as well, or false for never, which is the default.
        hedge: OrOff<RawHedge>,
        /// How much a client may send.
        limits: RawBodyLimit,
        /// How often one caller may ask it, or false for no limit; one count for all of its routes that have none.
        rate_limit: OrOff<RawRateLimit>,
        /// The Host that its upstreams see: `preserve` (the client's), `upstream` (the upstream's own) or a name.
        host: Text = "preserve",
        /// Whether callers show a credential: `required` (the default once there is a `jwt`), `optional` or `none`.
        auth: Text,
        /// What a caller's credential must all permit.
        scopes: OneOrMany<Text>,
        /// What is done to the fields of requests.
        request_headers: RawHeaderRules,
        /// What is done to the fields of answers.
        response_headers: RawHeaderRules,
        /// Whether answers are stored and shared, as they allow: true, false, or a table.
        cache: Toggle<RawCache>,
        /// Whether answers are compressed, where that gains: true, false, or the codings: `zstd`, `br`, `gzip`.
        compress: Toggle<OneOrMany<Text>>,
        /// Who is asked whether a request may pass: a URL, a table, or false to ask nobody.
        forward_auth: OrOff<Brief<RawForwardAuth>>,
        /// What pages of other origins may do, or false to turn an inherited policy off.
        cors: OrOff<RawCors>,
        /// The types of body that are taken: `application/json`, `text/*`; or false for any.
        content_types: OrOff<OneOrMany<Text>>,
        /// Fields that every request must have, or false for none.
        required_headers: OrOff<OneOrMany<Text>>,
        /// Which requests it gets: patterns such as `/users`, or tables. Only what a `split`, `mirror` or `fallback` names needs none.
        routes: OneOrMany<Brief<RawRoute>>,
    }
}
