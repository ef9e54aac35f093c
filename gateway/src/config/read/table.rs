//! Tables with fixed keys: declared once, read and described from the same list.
use std::ops::Range;

use schemars::Schema;
use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::{At, Node, Read, Reader, suggest};
use crate::config::diagnose::{Code, Finding};

/// Declares a table of the file: the struct, its [`Read`] and its `JsonSchema`.
///
/// The doc comments become the schema's descriptions, `= value` its default, `#[required]` its required keys. There is
/// no other list of keys, so reader and schema cannot disagree.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $name:ident {
            $( $(#[doc = $about:literal])+ $(#[$required:ident])? $key:ident : $type:ty $(= $default:tt)? ),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $( $(#[doc = $about])+ pub(crate) $key: Option<$crate::config::read::At<$type>>, )+
            /// The keys whose value could not be read, which is reported: they are not missing.
            pub(crate) unread: Vec<&'static str>,
        }

        impl $crate::config::read::Read for $name {
            fn expected() -> String {
                String::from("a table")
            }

            fn read(
                node: &$crate::config::read::Node<'_>,
                reader: &mut $crate::config::read::Reader<'_>,
            ) -> Option<Self> {
                let keys = [$( (stringify!($key), false $(|| stringify!($required) == "required")?) ),+];
                let table = reader.table::<Self>(node, &keys)?;
                let mut read = Self { $( $key: reader.key(table, stringify!($key)), )+ unread: Vec::new() };
                $(
                    let key = $crate::config::read::key_name(stringify!($key));
                    if read.$key.is_none() && table.contains_key(key) {
                        read.unread.push(key);
                    }
                )+
                Some(read)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).trim_start_matches("Raw").into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let properties = vec![$( $crate::config::read::Property {
                    key: $crate::config::read::key_name(stringify!($key)),
                    about: concat!($( $about, "\n" ),+),
                    required: false $(|| stringify!($required) == "required")?,
                    default: None $(.or_else(|| Some(serde_json::json!($default))))?,
                    schema: generator.subschema_for::<$type>(),
                } ),+];
                $crate::config::read::object_schema(concat!($( $doc, "\n" ),+), properties)
            }
        }
    };
}
pub(crate) use table;

/// One key of a table, as its schema shows it.
pub(crate) struct Property {
    pub(crate) key: &'static str,
    /// Its doc comment.
    pub(crate) about: &'static str,
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    /// What its value may be.
    pub(crate) schema: Schema,
}

/// The key of a field: `match` for a field that Rust makes us write `r#match`.
pub(crate) fn key_name(field: &'static str) -> &'static str {
    field.trim_start_matches("r#")
}

/// The schema of a table that knows these keys and no other.
pub(crate) fn object_schema(about: &str, properties: Vec<Property>) -> Schema {
    let mut known = Map::new();
    let mut required = Vec::new();
    for property in properties {
        let mut schema = property.schema;
        schema.insert(String::from("description"), Value::from(prose(property.about)));
        if let Some(default) = property.default {
            schema.insert(String::from("default"), default);
        }
        if property.required {
            required.push(property.key);
        }
        known.insert(property.key.to_owned(), schema.into());
    }
    let mut object = schemars::json_schema!({
        "type": "object",
        "description": prose(about),
        "properties": known,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        object.insert(String::from("required"), json!(required));
    }
    object
}

/// A doc comment as one paragraph.
fn prose(comment: &str) -> String {
    comment.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

impl Reader<'_> {
    /// The table that `node` is, with a fault for each key it should not have and for each required one it lacks. A key
    /// is a field's name and whether it is required.
    pub(crate) fn table<'n, 'i, T: Read>(
        &mut self,
        node: &'n Node<'i>,
        keys: &[(&'static str, bool)],
    ) -> Option<&'n DeTable<'i>> {
        let Some(table) = node.get_ref().as_table() else {
            self.wrong_type::<T>(node);
            return None;
        };
        let known: Vec<&str> = keys.iter().map(|(field, _)| key_name(field)).collect();
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let message = format!("unknown key `{}` in {}", key.get_ref(), self.here());
            let help = suggest::help(key.get_ref(), &known);
            let finding = Finding::new(Code::UnknownKey, &key.span(), message);
            self.report(finding.label("unknown key").help(help));
        }
        for (field, _) in keys.iter().filter(|(_, required)| *required) {
            let key = key_name(field);
            if !table.contains_key(key) {
                self.missing(key, &node.span());
            }
        }
        Some(table)
    }

    /// What stands under a field's key, if the table has it and it can be read.
    pub(crate) fn key<T: Read>(&mut self, table: &DeTable<'_>, field: &'static str) -> Option<At<T>> {
        let key = key_name(field);
        let node = table.get(key)?;
        self.under(key, node)
    }

    fn missing(&mut self, key: &str, span: &Range<usize>) {
        let (code, example) = match key {
            "services" => (Code::NoService, "`[services.NAME]` with `upstreams` and `routes`"),
            "upstreams" => (Code::NoUpstreams, "`upstreams = [\"http://127.0.0.1:8001\"]`"),
            "url" => (Code::MissingKey, "`url = \"http://127.0.0.1:8001\"`"),
            "issuer" => (Code::MissingKey, "`issuer = \"https://id.example.com\"`"),
            "keys" => (Code::MissingKey, "`keys = []`, and what `gateway api-key NAME` prints in it"),
            "sha256" => (Code::MissingKey, "`sha256` of the key, as `gateway api-key NAME` prints it"),
            "requests" => (Code::MissingKey, "`requests = 100`"),
            "per" => (Code::MissingKey, "`per = \"1m\"`"),
            "match" => (Code::MissingKey, "`match = \"/users\"`"),
            "origins" => (Code::MissingKey, "`origins = [\"https://app.example.com\"]`"),
            "to" => (Code::MissingKey, "`to = \"/new\"`"),
            "service" => (Code::MissingKey, "`service` with the name of a service"),
            "certificates" => (Code::MissingKey, "`certificates = [{ cert = \"site.pem\", key = \"site.key\" }]`"),
            "cert" => (Code::MissingKey, "`cert = \"site.pem\"`"),
            "key" => (Code::MissingKey, "`key = \"site.key\"`"),
            "file" => (Code::MissingKey, "`file = \"schemas/user.json\"`"),
            _ => (Code::MissingKey, "it"),
        };
        let message = format!("{} has no `{key}`", self.here());
        let finding = Finding::new(code, span, message);
        self.report(finding.label(format!("`{key}` is missing")).help(format!("add {example}")));
    }
}
