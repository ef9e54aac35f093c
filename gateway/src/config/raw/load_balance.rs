//! `load_balance`: which upstream a request goes to.
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use crate::config::read::{At, Node, Read, Reader, Text, table};

/// `load_balance`: a name, or what a request is known by.
#[derive(Debug)]
pub(crate) enum RawLoadBalance {
    Named(At<Text>),
    Affinity(At<RawAffinity>),
}

table! {
    /// Which upstream a request goes to: by what it is hashed, or by a cookie.
    RawAffinity {
        /// The same for the same `ip`, `header:NAME` or `cookie:NAME`, while it is not much busier than its share.
        hash: Text,
        /// The one that `cookie:NAME` tells of, which the gateway gives its clients; in turn where it can't be.
        sticky: Text,
    }
}

impl Read for RawLoadBalance {
    fn expected() -> String {
        String::from("\"round_robin\", \"least_requests\", \"p2c\", { hash = \"ip\" } or { sticky = \"cookie:NAME\" }")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => Text::read_at(node, reader).map(Self::Named),
            DeValue::Table(_) => RawAffinity::read_at(node, reader).map(Self::Affinity),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawLoadBalance {
    fn schema_name() -> Cow<'static, str> {
        "LoadBalance".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let affinity = generator.subschema_for::<RawAffinity>();
        json_schema!({ "anyOf": [{ "type": "string" }, affinity] })
    }
}
