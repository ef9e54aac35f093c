//! `[[api_key]]`: the keys that callers show, and where they show them.
use crate::config::read::{OneOrMany, Text, table};

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
