//! The file as written: every key that there is, each optional, each with its position.
//!
//! This is the one list of keys. What the file means (defaults, inheritance, what fits together) is `check`'s.
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::read::{
    At, Brief, Bytes, Count, Length, Named, Node, OneOrMany, OrOff, Part, Percent, Read, Reader, Shorthand, Text,
    Toggle, table,
};

table! {
    /// The configuration of the gateway.
    RawConfig {
        /// The public side: where clients connect, and what they may do.
        server: RawServer,
        /// The operator's side.
        admin: RawAdmin,
        /// Who knows the addresses of upstreams that the file names.
        dns: RawDns,
        /// Who issues tokens, and how they are checked; a token's `iss` picks the block.
        jwt: OneOrMany<RawJwt>,
        /// Callers that show a long-lived key, and where they show it.
        api_key: OneOrMany<RawApiKeys>,
        /// How often one caller may ask, where a service or a route says nothing else, and where no route matches.
        rate_limit: RawFileLimit,
        /// What pages of other origins may do: at every route, and where none matches.
        cors: RawCors,
        /// The memory for answers that are stored, by the routes whose `cache` is on.
        cache: RawCacheStore,
        /// What every service inherits; a service overrides it key by key, and a route overrides the service.
        defaults: RawDefaults,
        /// The services, each under its name: lower-case letters, digits, `-` and `_`.
        #[required]
        services: Named<RawService>,
    }
}

table! {
    /// The public side: where clients connect, and what they may do.
    RawServer {
        /// Addresses for cleartext HTTP.
        listen: OneOrMany<Text> = "0.0.0.0:8000",
        /// HTTPS: where it listens, and as whom.
        tls: RawTls,
        /// Worker threads; 0 means one for each core.
        workers: Count = 0,
        /// Networks whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed.
        trusted_proxies: OneOrMany<Text> = [],
        /// Networks of load balancers that begin each connection with a header of the PROXY protocol, version 1 or 2.
        proxy_protocol: OneOrMany<Text> = [],
        /// Client connections open at once.
        max_connections: Count = 10_000,
        /// Whether `/docs` and `/openapi.json` show what the services take and give, where no route has these paths.
        docs: bool = true,
        /// How long running requests may take after SIGTERM.
        drain_timeout: Length = "30s",
        /// How long a client may take.
        timeouts: RawClientTimeouts,
        /// How much a client may send.
        limits: RawLimits,
    }
}

table! {
    /// HTTPS: where it listens, and as whom.
    RawTls {
        /// Addresses for HTTPS.
        listen: OneOrMany<Text> = "0.0.0.0:8443",
        /// The certificates, each with its key; a client's server name (SNI) picks one, the first where none fits.
        certificates: OneOrMany<RawCertificate>,
        /// An authority that issues one more by itself.
        acme: RawAcme,
        /// A PEM file of authorities: every client must show a certificate of one of them.
        client_ca: Text,
        /// Whether cleartext requests are sent to HTTPS (308), all but `/health`.
        redirect_http: bool = false,
    }
}

table! {
    /// An authority that issues a certificate by itself (ACME, RFC 8555), and renews it. It looks for the proof (HTTP-01)
    /// on port 80 of each name, which has to lead to a cleartext listener.
    RawAcme {
        /// The names that the certificate is for.
        #[required]
        domains: OneOrMany<Text>,
        /// Whether you agree to the terms of the authority: without that it issues nothing.
        #[required]
        terms_agreed: bool,
        /// E-mail addresses that it may write to.
        contact: OneOrMany<Text> = [],
        /// Its directory.
        directory: Text = "https://acme-v02.api.letsencrypt.org/directory",
        /// A PEM file of authorities that may vouch for the directory, in the place of the system's.
        ca: Text,
        /// The folder for the certificate, its key and the account. A relative path starts at this file's folder.
        cache: Text = "acme",
        /// How long after a failure it is asked again; after more of them in a row, twice as long each time, up to 6h.
        retry: Length = "1m",
    }
}

table! {
    /// A certificate and its private key.
    RawCertificate {
        /// A PEM file: the certificate, then those of its issuers. A relative path starts at this file's folder.
        #[required]
        cert: Text,
        /// A PEM file with its private key.
        #[required]
        key: Text,
    }
}

table! {
    /// How long a client may take.
    RawClientTimeouts {
        /// From the accept, or the first byte of a later request, to the end of the head.
        header: Length = "10s",
        /// Between two requests of a connection.
        idle: Length = "75s",
        /// Between two pieces of a body, in either direction.
        body_idle: Length = "30s",
    }
}

table! {
    /// How much a client may send.
    RawLimits {
        /// The whole head of a request.
        header: Bytes = "32KiB",
        /// The number of header fields.
        headers: Count = 100,
        /// The request target.
        uri: Bytes = "8KiB",
        /// The body, unless a service or a route says otherwise.
        body: Bytes = "10MiB",
    }
}

table! {
    /// The operator's side.
    RawAdmin {
        /// The address for metrics, probes and the running configuration.
        listen: Text = "127.0.0.1:8900",
    }
}

table! {
    /// Who knows the addresses of upstreams that the file names.
    RawDns {
        /// Name servers, `"10.0.0.2"` or `"10.0.0.2:5353"`; none: what the system is set to, and its `/etc/hosts`.
        servers: OneOrMany<Text> = [],
    }
}

table! {
    /// One issuer of tokens.
    RawJwt {
        /// The `iss` of its tokens, letter by letter.
        #[required]
        issuer: Text,
        /// Whom its tokens are for: one of these is in a token's `aud`. Without it, a token that names anybody is refused.
        audience: OneOrMany<Text>,
        /// Where its public keys are.
        jwks: RawJwks,
        /// The secret that it shares with the gateway, for HS256, HS384 and HS512: from the environment, `${JWT_SECRET}`.
        secret: Text,
        /// The algorithms that it may sign with; `HS256` with a secret, else `RS256`, `ES256` and `EdDSA`, unless said.
        algorithms: OneOrMany<Text>,
        /// How far its clock and ours may be apart.
        leeway: Length = "5s",
        /// Claims and the header fields that upstreams read them from: `sub = "X-User-Id"`.
        claims: Named<Text>,
    }
}

table! {
    /// Where an issuer's public keys are: a service of this file, a URL or a file.
    RawJwks {
        /// The service that serves them.
        service: Text,
        /// The path that the service serves them under.
        path: Text = "/.well-known/jwks.json",
        /// Their address.
        url: Text,
        /// A file with them; a relative path starts at this file's folder.
        file: Text,
    }
}

table! {
    /// One place where callers show their keys, and the keys that are good there.
    RawApiKeys {
        /// The header field that carries the key: `X-Api-Key`. It goes no further, wherever it is shown.
        header: Text,
        /// Or the query parameter that carries it: `api_key`. It is cut out of what is forwarded.
        query: Text,
        /// The keys; `gateway api-key NAME` makes one.
        #[required]
        keys: OneOrMany<RawApiKey>,
        /// The header fields that upstreams read the key's name and scopes from.
        claims: RawApiKeyClaims,
    }
}

table! {
    /// One key.
    RawApiKey {
        /// Whose it is: limits and upstreams know the caller by it.
        #[required]
        name: Text,
        /// The key's SHA-256: 64 hexadecimal digits.
        #[required]
        sha256: Text,
        /// What it permits.
        scopes: OneOrMany<Text> = [],
    }
}

table! {
    /// The header fields that upstreams read from.
    RawApiKeyClaims {
        /// The key's name: `X-Api-Client`.
        name: Text,
        /// Its scopes, with a space between two: `X-User-Scope`.
        scope: Text,
    }
}

table! {
    /// What every service inherits.
    RawDefaults {
        /// How long upstreams may take.
        timeouts: RawTimeouts,
        /// When a request is sent again, or false for never.
        retry: OrOff<RawRetry>,
        /// When a request that is slow is sent to another upstream as well, or false for never, which is the default.
        hedge: OrOff<RawHedge>,
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

table! {
    /// One service: its upstreams and what is routed to them.
    RawService {
        /// Where it runs: URLs such as `http://127.0.0.1:8001`, or tables with a weight.
        #[required]
        upstreams: OneOrMany<Brief<RawUpstream>>,
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

table! {
    /// One upstream.
    RawUpstream {
        /// Its URL: scheme, host and port, such as `http://user-1:8001` or `https://user-1`.
        #[required]
        url: Text,
        /// Its share of the requests beside the others', from 1 to 1000.
        weight: Count = 1,
    }
}

table! {
    /// How `https://` upstreams are trusted. They always are verified.
    RawUpstreamTls {
        /// A PEM file of authorities that may vouch for them, in the place of the system's.
        ca: Text,
        /// The name that their certificates must have, and that they are asked for by.
        server_name: Text,
        /// A PEM file with the certificate that they are shown when they ask for one.
        cert: Text,
        /// A PEM file with its private key.
        key: Text,
    }
}

impl Shorthand for RawUpstream {
    fn from_text(text: At<Text>) -> Self {
        Self { url: Some(text), ..Self::default() }
    }
}

table! {
    /// How upstreams are probed.
    RawHealth {
        /// Path and query to ask for; an answer of 2xx is healthy.
        path: Text,
        /// Between two probes of one upstream.
        interval: Length = "5s",
        /// For one probe, the connect included.
        timeout: Length = "2s",
        /// Good probes in a row that make an unhealthy upstream healthy.
        healthy_after: Count = 2,
        /// Failed probes in a row that make a healthy upstream unhealthy.
        unhealthy_after: Count = 3,
    }
}

impl Shorthand for RawHealth {
    fn from_text(text: At<Text>) -> Self {
        Self { path: Some(text), ..Self::default() }
    }
}

table! {
    /// When an upstream that fails is shut out for a while.
    RawCircuitBreaker {
        /// Failures in a row: connects, resets, time-outs and answers of 5xx.
        failure_threshold: Count = 5,
        /// From then until it is tried again.
        recovery_timeout: Length = "1m",
        /// Trials at once, and good ones that let it back in.
        half_open_requests: Count = 1,
        /// The part of the service's upstreams that may be shut out at once, rounded up.
        max_open: Part = 0.5,
    }
}

table! {
    /// Which upstream a request goes to: by what it is hashed, or by a cookie.
    RawAffinity {
        /// The same for the same `ip`, `header:NAME` or `cookie:NAME`, while it is not much busier than its share.
        hash: Text,
        /// The one that `cookie:NAME` tells of, which the gateway gives its clients; in turn where it can't be.
        sticky: Text,
    }
}

/// `load_balance`: a name, or what a request is known by.
#[derive(Debug)]
pub(crate) enum RawLoadBalance {
    Named(At<Text>),
    Affinity(At<RawAffinity>),
}

impl Read for RawLoadBalance {
    fn expected() -> String {
        String::from("\"round_robin\", \"least_requests\", \"p2c\", { hash = \"ip\" } or { sticky = \"cookie:NAME\" }")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => Text::read_at(node, reader).map(Self::Named),
            DeValue::Table(_) => RawAffinity::read_at(node, reader).map(Self::Affinity),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawLoadBalance {
    fn schema_name() -> Cow<'static, str> {
        "LoadBalance".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let affinity = generator.subschema_for::<RawAffinity>();
        json_schema!({ "anyOf": [{ "type": "string" }, affinity] })
    }
}

table! {
    /// How many requests one upstream is at work on at once: as many as it answers quickly.
    RawAdaptive {
        /// Within which bounds.
        #[required]
        adaptive: RawBounds,
    }
}

table! {
    /// The bounds of a limit that is found out.
    RawBounds {
        /// Never fewer.
        min: Count = 5,
        /// Never more.
        max: Count = 1000,
    }
}

/// `max_in_flight`: a number, `adaptive`, or a table with its bounds.
#[derive(Debug)]
pub(crate) enum RawMaxInFlight {
    Fixed(At<Count>),
    Named(At<Text>),
    Adaptive(RawAdaptive),
}

impl Read for RawMaxInFlight {
    fn expected() -> String {
        String::from("a whole number, \"adaptive\" or { adaptive = { min = 5, max = 1000 } }")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Integer(_) => Count::read_at(node, reader).map(Self::Fixed),
            DeValue::String(_) => Text::read_at(node, reader).map(Self::Named),
            DeValue::Table(_) => RawAdaptive::read(node, reader).map(Self::Adaptive),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawMaxInFlight {
    fn schema_name() -> Cow<'static, str> {
        "MaxInFlight".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (count, adaptive) = (generator.subschema_for::<Count>(), generator.subschema_for::<RawAdaptive>());
        json_schema!({ "anyOf": [count, { "type": "string" }, adaptive] })
    }
}

table! {
    /// When a request is sent again, where that is safe.
    RawRetry {
        /// Upstreams that it is sent to, the first one included.
        attempts: Count = 2,
        /// Retries of a service in a second, as a part of its requests; 3 are always allowed.
        budget: Part = 0.2,
        /// What it is sent again on: `connect`, `stale` (a kept connection was closed), `502`, `503`.
        on: OneOrMany<Text> = ["connect", "stale", "502", "503"],
    }
}

table! {
    /// When a request without a body, that may be sent twice, is sent to another upstream as well; the first to answer wins.
    RawHedge {
        /// How long there is no head of an answer before it is, and again before each one more.
        after: Length = "100ms",
        /// Upstreams that it is sent to beside the first.
        max: Count = 1,
        /// Hedges of a service in a second, as a part of its requests; 3 are always allowed.
        budget: Part = 0.1,
    }
}

table! {
    /// How long upstreams may take.
    RawTimeouts {
        /// For a connect.
        connect: Length = "2s",
        /// From the moment that the request is with the upstream to the head of its answer: the first byte.
        request: Length = "30s",
        /// For a pooled connection that nobody uses.
        idle: Length = "50s",
        /// For a WebSocket in which nothing moves, either way.
        tunnel_idle: Length = "1h",
        /// Between two pieces of an answer's body; default any.
        body_idle: OrOff<Length>,
        /// From the end of the request's head to the last byte of the answer, unless it is a WebSocket; default any.
        total: OrOff<Length>,
    }
}

table! {
    /// How much a client may send.
    RawBodyLimit {
        /// The body of a request.
        body: Bytes,
    }
}

table! {
    /// How often one caller may ask. The innermost limit replaces the outer ones whole.
    RawRateLimit {
        /// Requests of one caller in each period.
        #[required]
        requests: Count,
        /// The period.
        #[required]
        per: Length,
        /// Requests that may come at once, after a pause; by default as many as `requests`.
        burst: Count,
        /// Who a caller is: `ip` (of IPv6 the /64), `header:NAME` or `claim:NAME`.
        key: Text = "ip",
    }
}

table! {
    /// How often one caller may ask, where nothing else is said; and where all limits are counted.
    RawFileLimit {
        /// Requests of one caller in each period. Only where nothing but `store` is written, it may be absent.
        requests: Count,
        /// The period. Only where nothing but `store` is written, it may be absent.
        per: Length,
        /// Requests that may come at once, after a pause; by default as many as `requests`.
        burst: Count,
        /// Who a caller is: `ip` (of IPv6 the /64), `header:NAME` or `claim:NAME`.
        key: Text = "ip",
        /// Where the requests under all limits of the file are counted: `memory`, or the URL of a Redis that gateways share.
        store: Brief<RawLimitStore> = "memory",
    }
}

table! {
    /// Where limits are counted.
    RawLimitStore {
        /// `memory`, `redis://:PASSWORD@HOST:6379/0`, or `rediss://…` for TLS.
        #[required]
        url: Text,
        /// How long a request waits for it, at most.
        timeout: Length = "100ms",
    }
}

impl Shorthand for RawLimitStore {
    fn from_text(text: At<Text>) -> Self {
        Self { url: Some(text), ..Self::default() }
    }
}

table! {
    /// What is done to header fields, in the order remove, set, add.
    RawHeaderRules {
        /// Names and values that replace every field of that name.
        set: Named<Text>,
        /// Names and values that come beside the fields of that name.
        add: Named<Text>,
        /// Names whose fields are removed.
        remove: OneOrMany<Text>,
    }
}

table! {
    /// An authoriser: an HTTP server that is asked, for each request, whether it may pass. Its 2xx means yes.
    RawForwardAuth {
        /// Where it is asked: `http://127.0.0.1:9000/verify`.
        url: Text,
        /// Or the service of this file that is asked.
        service: Text,
        /// The path, and the query, that the service is asked for.
        path: Text,
        /// From the question to the head of its answer; then the request is refused.
        timeout: Length = "2s",
        /// Fields of its 2xx that the upstream is sent, and that no client may send.
        headers: OneOrMany<Text> = [],
        /// The only fields of the client that it is told of; all of them unless this says otherwise.
        request_headers: OneOrMany<Text>,
    }
}

impl Shorthand for RawForwardAuth {
    fn from_text(text: At<Text>) -> Self {
        Self { url: Some(text), ..Self::default() }
    }
}

table! {
    /// One route of a service.
    RawRoute {
        /// Methods and path: `/users`, `/users$`, `GET,POST /users/{id}`, `~/v[0-9]+/.*`.
        #[required]
        r#match: Text,
        /// Only for this Host: `api.example.com` or `*.example.com`.
        host: Text,
        /// Only with these header fields: a value, `*` for any, or `~` and a regular expression.
        headers: Named<Text>,
        /// Only with these query parameters: a value, `*` for any, or `~` and a regular expression.
        query: Named<Text>,
        /// Removed from the path's front: true for what the pattern matched, or a path.
        strip_prefix: RawStripPrefix = false,
        /// Replaces the path: `/v2/{id}`, or with `$1` for a regular expression.
        rewrite: Text,
        /// Where its clients are sent, in place of the service: an address such as `/new/{id}`, or a table.
        redirect: Brief<RawRedirect>,
        /// Services among which its requests are divided, by weight.
        split: OneOrMany<RawShare>,
        /// Who gets the same share of a `split` again: `ip`, `header:NAME` or `cookie:NAME`. Default: nobody.
        sticky: Text,
        /// A service that gets a copy of its requests, whose answers nobody sees: a name, or a table.
        mirror: Brief<RawMirror>,
        /// What its clients get where the service gives no answer, in the place of 502, 503 or 504.
        fallback: RawFallback,
        /// How long upstreams may take.
        timeouts: RawTimeouts,
        /// When a request is sent again, or false for never.
        retry: OrOff<RawRetry>,
        /// When a request that is slow is sent to another upstream as well, or false for never, which is the default.
        hedge: OrOff<RawHedge>,
        /// How much a client may send.
        limits: RawBodyLimit,
        /// Whether callers show a credential: `required` (the default once there is a `jwt`), `optional` or `none`.
        auth: Text,
        /// What a caller's credential must all permit.
        scopes: OneOrMany<Text>,
        /// How often one caller may ask, or false for no limit.
        rate_limit: OrOff<RawRateLimit>,
        /// What is done to the fields of the request.
        request_headers: RawHeaderRules,
        /// What is done to the fields of the answer.
        response_headers: RawHeaderRules,
        /// Whether answers are stored and shared, as they allow: true, false, or a table.
        cache: Toggle<RawCache>,
        /// Whether answers are compressed, where that gains: true, false, or the codings: `zstd`, `br`, `gzip`.
        compress: Toggle<OneOrMany<Text>> = false,
        /// Who is asked whether a request may pass: a URL, a table, or false to ask nobody.
        forward_auth: OrOff<Brief<RawForwardAuth>>,
        /// What pages of other origins may do, or false to turn an inherited policy off.
        cors: OrOff<RawCors>,
        /// The types of body that are taken: `application/json`, `text/*`; or false for any.
        content_types: OrOff<OneOrMany<Text>>,
        /// Fields that every request must have, or false for none.
        required_headers: OrOff<OneOrMany<Text>>,
        /// The JSON Schema that a body must meet: a file, or a table.
        schema: Brief<RawSchema>,
    }
}

table! {
    /// The memory for stored answers.
    RawCacheStore {
        /// What all of them may take together; those used longest ago go first.
        max_size: Bytes = "64MiB",
    }
}

table! {
    /// How answers are stored and shared.
    RawCache {
        /// The longest body that is stored.
        max_body: Bytes = "1MiB",
        /// For how long an answer is fresh that does not say so itself.
        ttl: Length,
        /// For how long after that it is served while a new one is fetched, where it does not say so itself.
        stale_while_revalidate: Length = "0s",
        /// For how long after that it is served where no new one can be had, where it does not say so itself.
        stale_if_error: Length = "0s",
        /// Whether answers that set a cookie are stored, and the cookie given to all.
        set_cookie: bool = false,
    }
}

table! {
    /// Where clients are sent.
    RawRedirect {
        /// A path such as `/new/{id}`, or an `https://` address that ends in one. The query is kept unless this has one.
        #[required]
        to: Text,
        /// 301, 302, 303, 307 or 308.
        status: Count = 308,
    }
}

impl Shorthand for RawRedirect {
    fn from_text(text: At<Text>) -> Self {
        Self { to: Some(text), ..Self::default() }
    }
}

table! {
    /// What clients get where a service gives no answer.
    RawFallback {
        /// Its status; without it, that of the failure.
        status: Count,
        /// The type of its body.
        content_type: Text = "application/json",
        /// Its body: `[]`.
        body: Text,
        /// Or the file that has its body, seen from the folder of this file.
        file: Text,
        /// Or the service of this file that is asked instead, once, where the request may be sent again.
        service: Text,
    }
}

table! {
    /// One service of a split.
    RawShare {
        /// Its name in this file.
        #[required]
        service: Text,
        /// Its share of the requests beside the others', from 0 to 1000.
        weight: Count = 1,
    }
}

table! {
    /// A service that gets copies of requests.
    RawMirror {
        /// Its name in this file.
        #[required]
        service: Text,
        /// How many of a hundred requests it gets.
        percent: Percent = 100,
    }
}

impl Shorthand for RawMirror {
    fn from_text(text: At<Text>) -> Self {
        Self { service: Some(text), ..Self::default() }
    }
}

table! {
    /// What pages of other origins may do (CORS).
    RawCors {
        /// Whose pages: `https://app.example.com`, `https://*.example.com` for any host below, `null`, or `*` for all.
        #[required]
        origins: OneOrMany<Text>,
        /// The methods that they may use, or `*`.
        methods: OneOrMany<Text> = ["GET", "HEAD", "POST"],
        /// The header fields that they may send, or `*`; without it, whatever they ask for.
        headers: OneOrMany<Text>,
        /// The header fields of answers that they may read, or `*`.
        expose_headers: OneOrMany<Text> = [],
        /// Whether requests may carry cookies; never together with `*`.
        credentials: bool = false,
        /// How long a browser may remember a preflight's answer; without it, 5 seconds by the standard.
        max_age: Length,
    }
}

table! {
    /// The JSON Schema that a body must meet.
    RawSchema {
        /// The file with the schema, seen from the folder of this file.
        #[required]
        file: Text,
        /// The longest body that is held in memory and checked; a longer one is refused.
        max_body: Bytes = "64KiB",
    }
}

impl Shorthand for RawSchema {
    fn from_text(text: At<Text>) -> Self {
        Self { file: Some(text), ..Self::default() }
    }
}

impl Shorthand for RawRoute {
    fn from_text(text: At<Text>) -> Self {
        Self { r#match: Some(text), ..Self::default() }
    }
}

/// `strip_prefix`: yes, no, or which.
#[derive(Debug)]
pub(crate) enum RawStripPrefix {
    Whether(bool),
    Text(Text),
}

impl Read for RawStripPrefix {
    fn expected() -> String {
        String::from("true, false, or a path such as \"/api\"")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(whether) => Some(Self::Whether(*whether)),
            DeValue::String(_) => Text::read(node, reader).map(Self::Text),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawStripPrefix {
    fn schema_name() -> Cow<'static, str> {
        "StripPrefix".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "string" }] })
    }
}
