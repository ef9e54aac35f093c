//! `max_in_flight`: how much one upstream is at work on at once.
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use crate::config::read::{At, Count, Node, Read, Reader, Text, table};

/// `max_in_flight`: a number, `adaptive`, or a table with its bounds.
#[derive(Debug)]
pub(crate) enum RawMaxInFlight {
    Fixed(At<Count>),
    Named(At<Text>),
    Adaptive(RawAdaptive),
}

table! {
    /// How many requests one upstream is at work on at once: as many as it answers quickly.
    RawAdaptive {
        /// Within which bounds.
        #[required]
        adaptive: RawBounds,
    }
}

table! {
    /// The bounds of a limit that is found out.
    RawBounds {
        /// Never fewer.
        min: Count = 5,
        /// Never more.
        max: Count = 1000,
    }
}

impl Read for RawMaxInFlight {
    fn expected() -> String {
        String::from("a whole number, \"adaptive\" or { adaptive = { min = 5, max = 1000 } }")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Integer(_) => Count::read_at(node, reader).map(Self::Fixed),
            DeValue::String(_) => Text::read_at(node, reader).map(Self::Named),
            DeValue::Table(_) => RawAdaptive::read(node, reader).map(Self::Adaptive),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

impl JsonSchema for RawMaxInFlight {
    fn schema_name() -> Cow<'static, str> {
        "MaxInFlight".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (count, adaptive) = (generator.subschema_for::<Count>(), generator.subschema_for::<RawAdaptive>());
        json_schema!({ "anyOf": [count, { "type": "string" }, adaptive] })
    }
}
