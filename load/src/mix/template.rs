//! Text with `{name}` in it, and JSON whose strings are such text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Text with places for values: `/tasks/{task_id}`. `{{` and `}}` are the braces themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// How a value is written into the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    No,
    /// Percent-encoded: it stays one segment of a path, or one value of a query.
    Path,
}

/// JSON, with templates for strings.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// What holds no place.
    Fixed(Value),
    /// A string. One that is a single place and nothing else becomes the value with its own type.
    Text(Template),
    /// An array.
    List(Vec<Body>),
    /// An object.
    Object(Vec<(String, Body)>),
}

/// Where values come from.
pub trait Source {
    /// The value called `name`, if there is one.
    fn value(&self, name: &str) -> Option<Value>;
}

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Template {
    /// Reads a template, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if rest.starts_with(brace) {
                plain.push_str(brace);
                rest = &rest[1..];
                continue;
            }
            if brace == "}" {
                return Err("a `}` that closes nothing; the brace itself is `}}`".into());
            }
            let Some((name, after)) = rest.split_once('}') else {
                return Err("a `{` that is not closed; the brace itself is `{{`".into());
            };
            if !is_name(name) {
                return Err(format!("`{{{name}}}` is no name: use a–z, 0–9 and _, a letter first"));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The names of its places.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with its values; `None` when one of them is not known.
    pub fn fill(&self, values: &impl Source, escape: Escape) -> Option<String> {
        let mut filled = String::new();
        for part in &self.0 {
            match (part, escape) {
                (Part::Text(text), _) => filled.push_str(text),
                (Part::Name(name), Escape::No) => filled.push_str(&plain(&values.value(name)?)),
                (Part::Name(name), Escape::Path) => {
                    filled.extend(utf8_percent_encode(&plain(&values.value(name)?), UNRESERVED));
                }
            }
        }
        Some(filled)
    }
}

impl Body {
    /// The names of its places, in no order.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(template) => template.names().collect(),
            Self::List(items) => items.iter().flat_map(Self::names).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, value)| value.names()).collect(),
        }
    }

    /// The JSON with its values; `None` when one of them is not known.
    pub fn fill(&self, values: &impl Source) -> Option<Value> {
        Some(match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template) => match template.0.as_slice() {
                [Part::Name(name)] => values.value(name)?,
                _ => Value::String(template.fill(values, Escape::No)?),
            },
            Self::List(items) => Value::Array(items.iter().map(|item| item.fill(values)).collect::<Option<_>>()?),
            Self::Object(members) => {
                let filled = members.iter().map(|(name, value)| Some((name.clone(), value.fill(values)?)));
                Value::Object(filled.collect::<Option<Map<_, _>>>()?)
            }
        })
    }
}

/// Whether templates can use `name`.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_')
}

/// A string without its quotes, anything else as JSON has it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
