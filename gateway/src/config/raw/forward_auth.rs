//! `forward_auth`: who is asked whether a request may pass.
use crate::config::read::{At, Length, OneOrMany, Shorthand, Text, table};

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
