//! `redirect`, `split`, `mirror`, `fallback`: where a route's requests go beside, or in place of, its service.
use crate::config::read::{At, Count, Percent, Shorthand, Text, table};

table! {
    /// Where clients are sent.
    RawRedirect {
        /// A path such as `/new/{id}`, or an `https://` address that ends in one. The query is kept unless this has one.
        #[required]
        to: Text,
        /// 301, 302, 303, 307 or 308.
        status: Count = 308,
    }
}

impl Shorthand for RawRedirect {
    fn from_text(text: At<Text>) -> Self {
        Self { to: Some(text), ..Self::default() }
    }
}

table! {
    /// One service of a split.
    RawShare {
        /// Its name in this file.
        #[required]
        service: Text,
        /// Its share of the requests beside the others', from 0 to 1000.
        weight: Count = 1,
    }
}

table! {
    /// A service that gets copies of requests.
    RawMirror {
        /// Its name in this file.
        #[required]
        service: Text,
        /// How many of a hundred requests it gets.
        percent: Percent = 100,
    }
}

impl Shorthand for RawMirror {
    fn from_text(text: At<Text>) -> Self {
        Self { service: Some(text), ..Self::default() }
    }
}

table! {
    /// What clients get where a service gives no answer.
    RawFallback {
        /// Its status; without it, that of the failure.
        status: Count,
        /// The type of its body.
        content_type: Text = "application/json",
        /// Its body: `[]`.
        body: Text,
        /// Or the file that has its body, seen from the folder of this file.
        file: Text,
        /// Or the service of this file that is asked instead, once, where the request may be sent again.
        service: Text,
    }
}
