//! Values with a short and a long form, lists and maps.
use std::{borrow::Cow, fmt::Debug, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{At, Node, Read, Reader, Text};

/// A list, or its only element without the brackets.
#[derive(Debug, Clone)]
pub(crate) struct OneOrMany<T> {
    /// The elements that could be read.
    pub(crate) list: Vec<At<T>>,
    /// Whether the file has none; not so when each was at fault.
    pub(crate) is_empty: bool,
}

impl<T: Read> Read for OneOrMany<T> {
    fn expected() -> String {
        format!("{}, or a list of such", T::expected())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Array(elements) = node.get_ref() else {
            let only = T::read_at(node, reader)?;
            return Some(Self { list: vec![only], is_empty: false });
        };
        let list = elements.iter().filter_map(|element| T::read_at(element, reader)).collect();
        Some(Self { list, is_empty: elements.is_empty() })
    }
}

/// A table that has a short form: its most important key alone.
pub(crate) trait Shorthand: Read {
    /// The table that the text stands for.
    fn from_text(text: At<Text>) -> Self;
}

/// A table or its short form.
#[derive(Debug)]
pub(crate) struct Brief<T>(pub(crate) T);

impl<T: Shorthand> Read for Brief<T> {
    fn expected() -> String {
        String::from("a string or a table")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => Text::read_at(node, reader).map(|text| Self(T::from_text(text))),
            DeValue::Table(_) => T::read(node, reader).map(Self),
            _ => {
                reader.wrong_type::<Self>(node);
                None
            }
        }
    }
}

/// A setting, or `false` to turn an inherited one off.
#[derive(Debug, Clone, Default)]
pub(crate) enum OrOff<T> {
    #[default]
    Off,
    On(T),
}

impl<T> OrOff<T> {
    /// What is on.
    pub(crate) fn on(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for OrOff<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Off, Self::On)
    }
}

impl<T: Read> Read for OrOff<T> {
    fn expected() -> String {
        format!("{}, or false", T::expected())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(false) => Some(Self::Off),
            DeValue::Boolean(true) => {
                reader.wrong_type::<Self>(node);
                None
            }
            _ => T::read(node, reader).map(Self::On),
        }
    }
}

/// A setting: yes, no, or how.
#[derive(Debug)]
pub(crate) enum Toggle<T> {
    Off,
    /// As it is by default.
    On,
    As(T),
}

impl<T: Read> Read for Toggle<T> {
    fn expected() -> String {
        format!("true, false, or {}", T::expected())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(false) => Some(Self::Off),
            DeValue::Boolean(true) => Some(Self::On),
            _ => T::read(node, reader).map(Self::As),
        }
    }
}

/// A table whose keys are the operator's own names, in the file's order.
#[derive(Debug, Clone)]
pub(crate) struct Named<T> {
    /// The entries that could be read.
    pub(crate) entries: Vec<Entry<T>>,
    /// Whether the file has none; not so when each was at fault.
    pub(crate) is_empty: bool,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Entry<T> {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) name_span: Range<usize>,
    pub(crate) value: At<T>,
}

impl<T: Read> Read for Named<T> {
    fn expected() -> String {
        format!("a table of names, each with {}", T::expected())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Table(table) = node.get_ref() else {
            reader.wrong_type::<Self>(node);
            return None;
        };
        let entries = table.iter().filter_map(|(key, node)| {
            let value = reader.under(key.get_ref(), node)?;
            Some(Entry { name: key.get_ref().to_string(), name_span: key.span(), value })
        });
        let mut entries: Vec<_> = entries.collect();
        // toml sorts its tables by key; the file's order is what people expect to see again.
        entries.sort_by_key(|entry| entry.name_span.start);
        Some(Self { entries, is_empty: table.is_empty() })
    }
}

macro_rules! wrapper_schema {
    ($type:ident < $inner:ident : $bound:ident >, $make:expr) => {
        impl<$inner: $bound> JsonSchema for $type<$inner> {
            fn schema_name() -> Cow<'static, str> {
                format!("{}{}", stringify!($type), $inner::schema_name()).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let inner = generator.subschema_for::<$inner>();
                let make: fn(Schema) -> Schema = $make;
                make(inner)
            }
        }
    };
}

wrapper_schema!(OneOrMany<T: Read>, |inner| {
    json_schema!({ "anyOf": [inner, { "type": "array", "items": inner }] })
});
wrapper_schema!(Brief<T: Shorthand>, |inner| json_schema!({ "anyOf": [{ "type": "string" }, inner] }));
wrapper_schema!(OrOff<T: Read>, |inner| json_schema!({ "anyOf": [inner, { "const": false }] }));
wrapper_schema!(Toggle<T: Read>, |inner| json_schema!({ "anyOf": [{ "type": "boolean" }, inner] }));
wrapper_schema!(Named<T: Read>, |inner| {
    json_schema!({ "type": "object", "additionalProperties": inner })
});
