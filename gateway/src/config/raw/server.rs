//! `[server]`: where clients connect, and what they may do.
use super::{RawClientTimeouts, RawLimits, RawTls};
use crate::config::read::{Count, Length, OneOrMany, Text, table};

table! {
    /// The public side: where clients connect, and what they may do.
    RawServer {
        /// Addresses for cleartext HTTP.
        listen: OneOrMany<Text> = "0.0.0.0:8000",
        /// HTTPS: where it listens, and as whom.
        tls: RawTls,
        /// Worker threads; 0 means one for each core.
        workers: Count = 0,
        /// Networks whose `X-Forwarded-*` and `X-Request-Id` are believed, and whose `Forwarded` and `Via` are passed on.
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
