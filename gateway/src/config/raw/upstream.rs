//! `upstreams`: where a service runs, and how it is probed.
use crate::config::read::{At, Count, Length, Shorthand, Text, Toggle, table};

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
        /// Or the service of `grpc.health.v1` to ask for, over HTTP/2; true for the server as a whole. `SERVING` is healthy.
        grpc: Toggle<Text>,
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
