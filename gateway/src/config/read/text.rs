//! Strings, whose references to the environment are filled here.
use std::ops::Range;

use toml::de::DeValue;

use super::{
    At, Node, Read, Reader,
    interpolate::{Unfilled, fill},
};
use crate::config::diagnose::{Code, Finding};

/// A string, with its references to the environment filled.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    meant: String,
    /// As the file has it, when that differs.
    written: Option<String>,
}

impl Text {
    /// What the gateway works with. It may hold a secret from the environment: a message shows [`Text::shown`].
    pub(crate) fn as_str(&self) -> &str {
        &self.meant
    }

    /// What people are shown: `${NAME}`, never its value.
    pub(crate) fn shown(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.meant)
    }

    /// Whether some of it came from the environment.
    pub(crate) fn is_filled(&self) -> bool {
        self.written.is_some()
    }
}

impl At<Text> {
    /// The bytes of the file that hold `part` of the text; the whole value where escapes or references stand between.
    pub(crate) fn part(&self, part: &Range<usize>) -> Range<usize> {
        // Without either, the value is the text and two quotes.
        let is_plain = self.span.len() == self.value.meant.len() + 2 && !self.value.is_filled();
        if is_plain && part.end <= self.value.meant.len() {
            self.span.start + 1 + part.start..self.span.start + 1 + part.end
        } else {
            self.span.clone()
        }
    }
}

impl Read for Text {
    fn expected() -> String {
        String::from("a string")
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::String(text) = node.get_ref() else {
            reader.wrong_type::<Self>(node);
            return None;
        };
        let plain = Self { meant: text.clone().into_owned(), written: None };
        match fill(text, reader.env) {
            Ok(None) => Some(plain),
            Ok(Some(filled)) => Some(Self { meant: filled, written: Some(plain.meant) }),
            Err(faults) => {
                let value = At { value: plain, span: node.span() };
                for fault in faults {
                    let finding = unfilled(&fault, &value, reader);
                    reader.report(finding);
                }
                None
            }
        }
    }
}

fn unfilled(fault: &Unfilled, value: &At<Text>, reader: &Reader<'_>) -> Finding {
    match fault {
        Unfilled::Missing { name, at } => {
            let message = format!("the environment has no `{name}`, which {} needs", reader.here());
            Finding::new(Code::VariableMissing, &value.part(at), message)
                .label("not set")
                .help(format!("set {name}, or give a default: `${{{name}:-default}}`"))
        }
        Unfilled::Malformed { at } => {
            let message = format!("{} has a `${{` that is no reference", reader.here());
            Finding::new(Code::BadVariable, &value.part(at), message)
                .label("expected `${NAME}` or `${NAME:-default}`")
                .help("write `$${` for the two characters themselves")
        }
    }
}
