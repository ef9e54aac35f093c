//! `cache`: the memory for all of `[cache]`, and what a service or a route stores in it.
use crate::config::read::{Bytes, Length, table};

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
