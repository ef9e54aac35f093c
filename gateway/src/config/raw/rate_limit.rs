//! `rate_limit`: of the file with its `store`, and of a service or a route.
use crate::config::read::{At, Brief, Count, Length, Shorthand, Text, table};

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
