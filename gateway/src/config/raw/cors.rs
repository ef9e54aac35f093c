//! `cors`: what pages of other origins may do, in `[cors]` and wherever it says otherwise.
use crate::config::read::{Length, OneOrMany, Text, table};

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
