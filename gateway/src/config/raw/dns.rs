//! `[dns]`: who knows the addresses of upstreams.
use crate::config::read::{OneOrMany, Text, table};

table! {
    /// Who knows the addresses of upstreams that the file names.
    RawDns {
        /// Name servers, `"10.0.0.2"` or `"10.0.0.2:5353"`; none: what the system is set to, and its `/etc/hosts`.
        servers: OneOrMany<Text> = [],
    }
}
