//! `routes`: what a request has to look like, and what is done with it.
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{
    RawBodyLimit, RawCache, RawCors, RawFallback, RawForwardAuth, RawHeaderRules, RawHedge, RawMirror, RawRateLimit,
    RawRedirect, RawRetry, RawSchema, RawShare, RawTimeouts,
};
use crate::config::read::{At, Brief, Named, Node, OneOrMany, OrOff, Read, Reader, Shorthand, Text, Toggle, table};

table! {
    /// One route of a service.
    RawRoute {
        /// Methods and path: `/users`, `/users$`, `GET,POST /users/{id}`, `~/v[0-9]+/.*`.
        #[required]
        r#match: Text,
        /// Only for this Host: `api.example.com` or `*.example.com`.
        host: Text,
        /// Only with these header fields: a value, `*` for any, or `~` and a regular expression.
        headers: Named<Text>,
        /// Only with these query parameters: a value, `*` for any, or `~` and a regular expression.
        query: Named<Text>,
        /// Removed from the path's front: true for what the pattern matched, or a path.
        strip_prefix: RawStripPrefix = false,
        /// Replaces the path: `/v2/{id}`, or with `$1` for a regular expression.
        rewrite: Text,
        /// Where its clients are sent, in place of the service: an address such as `/new/{id}`, or a table.
        redirect: Brief<RawRedirect>,
        /// Services among which its requests are divided, by weight.
        split: OneOrMany<RawShare>,
        /// Who gets the same share of a `split` again: `ip`, `header:NAME` or `cookie:NAME`. Default: nobody.
        sticky: Text,
        /// A service that gets a copy of its requests, whose answers nobody sees: a name, or a table.
        mirror: Brief<RawMirror>,
        /// What its clients get where the service gives no answer, in the place of 502, 503 or 504.
        fallback: RawFallback,
        /// How long upstreams may take.
        timeouts: RawTimeouts,
        /// When a request is sent again, or false for never.
        retry: OrOff<RawRetry>,
        /// When a request that is slow is sent to another upstream as well, or false for never, which is the default.
        hedge: OrOff<RawHedge>,
        /// How much a client may send.
        limits: RawBodyLimit,
        /// Whether callers show a credential: `required` (the default once there is a `jwt`), `optional` or `none`.
        auth: Text,
        /// What a caller's credential must all permit.
        scopes: OneOrMany<Text>,
        /// How often one caller may ask, or false for no limit.
        rate_limit: OrOff<RawRateLimit>,
        /// What is done to the fields of the request.
        request_headers: RawHeaderRules,
        /// What is done to the fields of the answer.
        response_headers: RawHeaderRules,
        /// Whether answers are stored and shared, as they allow: true, false, or a table.
        cache: Toggle<RawCache>,
        /// Whether answers are compressed, where that gains: true, false, or the codings: `zstd`, `br`, `gzip`.
        compress: Toggle<OneOrMany<Text>> = false,
        /// Who is asked whether a request may pass: a URL, a table, or false to ask nobody.
        forward_auth: OrOff<Brief<RawForwardAuth>>,
        /// What pages of other origins may do, or false to turn an inherited policy off.
        cors: OrOff<RawCors>,
        /// The types of body that are taken: `application/json`, `text/*`; or false for any.
        content_types: OrOff<OneOrMany<Text>>,
        /// Fields that every request must have, or false for none.
        required_headers: OrOff<OneOrMany<Text>>,
        /// The JSON Schema that a body must meet: a file, or a table.
        schema: Brief<RawSchema>,
    }
}

impl Shorthand for RawRoute {
    fn from_text(text: At<Text>) -> Self {
        Self { r#match: Some(text), ..Self::default() }
    }
}

/// `strip_prefix`: yes, no, or which.
#[derive(Debug)]
pub(crate) enum RawStripPrefix {
    Whether(bool),
    Text(Text),
}

impl Read for RawStripPrefix {
    fn expected() -> String {
        String::from("true, false, or a path such as \"/api\"")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(whether) => Some(Self::Whether(*whether)),
            DeValue::String(_) => Text::read(node, reader).map(Self::Text),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawStripPrefix {
    fn schema_name() -> Cow<'static, str> {
        "StripPrefix".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "string" }] })
    }
}
