//! Values that are one thing: numbers, durations, sizes, yes and no.
use std::{borrow::Cow, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::{DeInteger, DeValue};

use super::{Node, Read, Reader, Text, units};
use crate::config::diagnose::{Code, Finding};

/// A whole number from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

impl Read for Count {
    fn expected() -> String {
        String::from("a whole number, 0 or more, without quotes")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Integer(integer) = node.get_ref() else {
            reader.wrong_type::<Self>(node);
            return None;
        };
        natural(integer, node, reader).map(Self)
    }
}

impl Read for bool {
    fn expected() -> String {
        String::from("true or false, without quotes")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let found = node.get_ref().as_bool();
        if found.is_none() {
            reader.wrong_type::<Self>(node);
        }
        found
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part(pub(crate) f64);

impl Read for Part {
    fn expected() -> String {
        String::from("a number from 0 to 1, without quotes")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        number::<Self>(node, reader, 1.0, "write a part of the whole: 0.5 is half").map(Self)
    }
}

/// So many of a hundred.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Percent(pub(crate) f64);

impl Read for Percent {
    fn expected() -> String {
        String::from("a number from 0 to 100, without quotes")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        number::<Self>(node, reader, 100.0, "write how many of a hundred: 0.5 is one of two hundred").map(Self)
    }
}

/// A number from 0 to `most`, with a fraction or without.
fn number<T: Read>(node: &Node<'_>, reader: &mut Reader<'_>, most: f64, help: &str) -> Option<f64> {
    let text = match node.get_ref() {
        DeValue::Integer(integer) => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        _ => {
            reader.wrong_type::<T>(node);
            return None;
        }
    };
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=most).contains(number));
    if number.is_none() {
        let message = format!("{} is out of range", reader.here());
        let finding = Finding::new(Code::OutOfRange, &node.span(), message);
        reader.report(finding.label(format!("expected a number from 0 to {most}")).help(help));
    }
    number
}

/// A duration: `"5s"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length(pub(crate) Duration);

impl Read for Length {
    fn expected() -> String {
        String::from("a duration such as \"250ms\", \"5s\", \"1m\" or \"1h\"")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.get_ref().is_str() {
            reader.wrong_type::<Self>(node);
            return None;
        }
        let text = Text::read(node, reader)?;
        let duration = units::parse_duration(text.as_str());
        if duration.is_none() {
            let message = format!("{}: \"{}\" is not a duration", reader.here(), text.shown());
            let finding = Finding::new(Code::BadDuration, &node.span(), message)
                .label("expected a whole number and a unit")
                .help("the units are ms, s, m and h: \"250ms\", \"5s\", \"1m\", \"1h\"");
            reader.report(finding);
        }
        duration.map(Self)
    }
}

/// A size in bytes: `"16KiB"`, or a number of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

impl Read for Bytes {
    fn expected() -> String {
        String::from("a size such as \"512B\", \"16KiB\" or \"10MiB\", or a number of bytes")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Integer(integer) = node.get_ref() {
            return natural(integer, node, reader).map(Self);
        }
        if !node.get_ref().is_str() {
            reader.wrong_type::<Self>(node);
            return None;
        }
        let text = Text::read(node, reader)?;
        let size = units::parse_size(text.as_str());
        if size.is_none() {
            let message = format!("{}: \"{}\" is not a size", reader.here(), text.shown());
            let finding = Finding::new(Code::BadSize, &node.span(), message)
                .label("expected a whole number and a unit")
                .help("the units are B, KiB, MiB and GiB, and the decimal KB, MB and GB: \"16KiB\"");
            reader.report(finding);
        }
        size.map(Self)
    }
}

/// The integer that `node` holds, or a fault when it is negative or too large: TOML guarantees 64 bits with a sign.
fn natural(integer: &DeInteger<'_>, node: &Node<'_>, reader: &mut Reader<'_>) -> Option<u64> {
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
    let number = number.and_then(|number| u64::try_from(number).ok());
    if number.is_none() {
        let message = format!("{} is out of range", reader.here());
        let finding = Finding::new(Code::OutOfRange, &node.span(), message)
            .label("expected a whole number, 0 or more")
            .help("write a whole number from 0 to 9223372036854775807");
        reader.report(finding);
    }
    number
}

/// The schema of a string of some pattern; one with a reference is as good, since nobody knows yet what it becomes.
fn string_schema(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": format!("^({pattern})$|\\$\\{{") })
}

macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline_schema!(Text, "Text", json_schema!({ "type": "string" }));
inline_schema!(Count, "Count", json_schema!({ "type": "integer", "minimum": 0 }));
inline_schema!(Part, "Part", json_schema!({ "type": "number" }));
inline_schema!(Percent, "Percent", json_schema!({ "type": "number" }));
inline_schema!(Length, "Duration", string_schema("[0-9]+(ms|s|m|h)"));
inline_schema!(
    Bytes,
    "Size",
    json_schema!({ "anyOf": [
        string_schema("[0-9]+(B|KiB|MiB|GiB|KB|MB|GB)"),
        { "type": "integer", "minimum": 0 },
    ] })
);
