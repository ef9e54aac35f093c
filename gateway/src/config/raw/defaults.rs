//! `[defaults]`: what every service inherits.
use super::{
    RawBodyLimit, RawCache, RawCircuitBreaker, RawCors, RawForwardAuth, RawHeaderRules, RawHealth, RawHedge,
    RawLoadBalance, RawMaxInFlight, RawRateLimit, RawRetry, RawTimeouts,
};
use crate::config::read::{Brief, Length, OneOrMany, OrOff, Text, Toggle, table};

table! {
    /// What every service inherits.
    RawDefaults {
        /// How long upstreams may take.
        timeouts: RawTimeouts,
        /// When a request is sent again, or false for never.
        retry: OrOff<RawRetry>,
        /// When a request that is slow is sent to another upstream as well, or false for never, which is the default.
        hedge: OrOff<RawHedge>,
        /// What upstreams speak: `http1`, `h2` (HTTP/2 over TLS, by ALPN) or `h2c` (HTTP/2 without TLS, by prior knowledge).
        protocol: Text = "http1",
        /// How upstreams are probed: a path, or a table.
        health: Brief<RawHealth>,
        /// Which upstream a request goes to: `round_robin`, `least_requests`, `p2c`, or a table with `hash`.
        load_balance: RawLoadBalance,
        /// Over what time the weight of an upstream that is back grows.
        slow_start: Length = "0s",
        /// Requests that one upstream is at work on at once, or `adaptive`; a few wait a little for room. Default any number.
        max_in_flight: RawMaxInFlight,
        /// When an upstream that fails is shut out for a while.
        circuit_breaker: OrOff<RawCircuitBreaker>,
        /// How much a client may send.
        limits: RawBodyLimit,
        /// How often one caller may ask a service, or false for no limit; each service counts for itself.
        rate_limit: OrOff<RawRateLimit>,
        /// The Host that upstreams see: `preserve` (the client's), `upstream` (the upstream's own) or a name.
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
        /// Who is asked whether a request may pass: a URL, or a table.
        forward_auth: Brief<RawForwardAuth>,
        /// What pages of other origins may do, or false to turn `[cors]` off.
        cors: OrOff<RawCors>,
        /// The types of body that are taken: `application/json`, `text/*`. Default any.
        content_types: OneOrMany<Text>,
        /// Fields that every request must have.
        required_headers: OneOrMany<Text>,
    }
}
