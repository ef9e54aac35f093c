//! `schema`: what a request's body must be.
use crate::config::read::{At, Bytes, Shorthand, Text, table};

table! {
    /// The JSON Schema that a body must meet.
    RawSchema {
        /// The file with the schema, seen from the folder of this file.
        #[required]
        file: Text,
        /// The longest body that is held in memory and checked; a longer one is refused.
        max_body: Bytes = "64KiB",
    }
}

impl Shorthand for RawSchema {
    fn from_text(text: At<Text>) -> Self {
        Self { file: Some(text), ..Self::default() }
    }
}
