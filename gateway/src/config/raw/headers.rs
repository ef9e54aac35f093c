//! `request_headers` and `response_headers`: what is done to fields.
use crate::config::read::{Named, OneOrMany, Text, table};

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
