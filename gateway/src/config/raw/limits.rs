//! `limits`: how much a client may send, in `[server]` and where a service or a route says otherwise.
use crate::config::read::{Bytes, Count, table};

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
    /// How much a client may send.
    RawBodyLimit {
        /// The body of a request.
        body: Bytes,
    }
}
