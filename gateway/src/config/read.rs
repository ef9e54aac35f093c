//! From a parsed TOML document to values with positions, collecting every fault on the way.
//!
//! serde stops at its first error and loses positions inside untagged enums, so the file is read from toml's spanned
//! document instead, through one small trait: [`Read`]. Each table of the file is declared once, by the macro in
//! `table`, which makes its reader and its JSON Schema from the same list of keys.
mod forms;
mod interpolate;
mod scalar;
mod suggest;
mod table;
mod text;
pub(crate) mod units;

use std::ops::Range;

use schemars::JsonSchema;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(crate) use forms::{Brief, Entry, Named, OneOrMany, OrOff, Shorthand, Toggle};
pub(crate) use scalar::{Bytes, Count, Length, Part, Percent};
pub(crate) use table::{Property, key_name, object_schema, table};
pub(crate) use text::Text;

use super::diagnose::{Code, Finding};

/// A value of the document, with where it stands.
pub(crate) type Node<'i> = Spanned<DeValue<'i>>;

/// Something read, and the bytes of the file that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// A type that a value of the file can be.
pub(crate) trait Read: Sized + JsonSchema {
    /// What the file should have, in words that follow "expected": `a duration such as "5s"`.
    fn expected() -> String;

    /// Reads it, or reports why not.
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    /// The same, with its position.
    fn read_at(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<At<Self>> {
        Self::read(node, reader).map(|value| At { value, span: node.span() })
    }
}

/// What reading needs beside the value, and the faults so far.
pub(crate) struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    /// The keys that lead to the value being read: `["services", "user", "timeouts"]`.
    path: Vec<String>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    /// `env` gives the value of an environment variable.
    pub(crate) fn new(env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { env, path: Vec::new(), findings: Vec::new() }
    }

    /// Reads the whole document as one `T`.
    pub(crate) fn document<T: Read>(&mut self, table: DeTable<'_>, span: Range<usize>) -> Option<T> {
        T::read(&Spanned::new(span, DeValue::Table(table)), self)
    }

    pub(crate) fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// A value of a type that does not fit.
    pub(crate) fn wrong_type<T: Read>(&mut self, node: &Node<'_>) {
        let found = match node.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("{} cannot be {found}", self.here());
        let finding = Finding::new(Code::WrongType, &node.span(), message)
            .label(format!("found {found}"))
            .help(format!("expected {}", T::expected()));
        self.report(finding);
    }

    /// The place in the document, as messages name it: `` `services.user.timeouts` ``.
    pub(crate) fn here(&self) -> String {
        if self.path.is_empty() { String::from("the file") } else { format!("`{}`", self.path.join(".")) }
    }

    /// Reads `node` as what stands under `key`.
    fn under<T: Read>(&mut self, key: &str, node: &Node<'_>) -> Option<At<T>> {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_plain = !key.is_empty() && key.chars().all(is_bare);
        self.path.push(if is_plain { key.to_owned() } else { format!("{key:?}") });
        let read = T::read_at(node, self);
        self.path.pop();
        read
    }
}
