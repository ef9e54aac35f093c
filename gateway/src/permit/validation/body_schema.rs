//! A JSON Schema that bodies are held to.
use std::{fmt, path::Path};

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::{explain::explain, json};
use crate::{
    config::Source,
    rejection::{BodyFault, Rejection},
};

/// Faults that one answer tells.
const MAX_FAULTS: usize = 10;
/// Values within a body whose faults are all looked for.
///
/// To say whether a body is valid takes a fraction of a millisecond for 64 KiB. To find every fault is dearer, and where
/// alternatives nest, the validator copies what each of them says about each level: more than a second for 64 KiB of
/// brackets. So of a larger body the first fault alone is told, or none in particular where there are alternatives.
const MAX_EXPLAINED: usize = 256;

/// A compiled schema, and how much of a body is held in memory for it.
pub struct BodySchema {
    file: Box<str>,
    max_body: u64,
    validator: Validator,
    has_alternatives: bool,
    source: Source,
}

/// The file's bytes say all of it.
impl PartialEq for BodySchema {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, self.max_body, &self.source) == (&other.file, other.max_body, &other.source)
    }
}

impl BodySchema {
    /// Compiles the schema that is the text of `file`; else says what is wrong with it.
    ///
    /// A draft is named by `$schema`, 2020-12 is assumed. `format` is checked, for the formats of the draft. Expressions
    /// are those of the `regex` crate, whose time is linear in the body, without look-around and back-references. What
    /// `$ref` names stands in the same document: nothing else is read or fetched.
    pub(crate) fn compile(file: &str, max_body: u64, text: &[u8]) -> Result<Self, String> {
        let schema: Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let options = jsonschema::options()
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            // Compiling whatever a body says is not linear.
            .with_format("regex", |_: &str| true);
        let validator = options.build(&schema).map_err(|error| match error.instance_path().as_str() {
            "" => error.to_string(),
            place => format!("at {place}: {error}"),
        })?;
        let source = Source::read(Path::new(file), Some(text));
        Ok(Self { file: file.into(), max_body, validator, has_alternatives: has_alternatives(&schema), source })
    }

    /// The file's name, as gateway.toml has it.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The longest body that is checked, in bytes.
    pub(crate) fn max_body(&self) -> u64 {
        self.max_body
    }

    /// Holds a body to it: `body_invalid`, with the first faults that are found.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), Rejection> {
        let value = json::parse(body).map_err(|why| Rejection::from(BodyFault::of_whole(why)))?;
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        let mut faults = self.faults(&value);
        faults.truncate(MAX_FAULTS);
        Err(Rejection::BodyInvalid { faults: faults.into() })
    }

    /// What is wrong with a body that is not valid, at a bounded cost.
    fn faults(&self, value: &Value) -> Vec<BodyFault> {
        if is_small(value, &mut { MAX_EXPLAINED }) {
            return self.validator.iter_errors(value).take(MAX_FAULTS).flat_map(|error| explain(&error)).collect();
        }
        let first = if self.has_alternatives { None } else { self.validator.validate(value).err() };
        first.map_or_else(|| vec![BodyFault::of_whole("is not what the schema asks for")], |error| explain(&error))
    }
}

/// Whether there are at most `left` values in it; 64 bytes of text weigh as much as one.
fn is_small(value: &Value, left: &mut usize) -> bool {
    let weight = 1 + value.as_str().map_or(0, |text| text.len() / 64);
    match left.checked_sub(weight) {
        Some(less) => *left = less,
        None => return false,
    }
    match value {
        Value::Array(elements) => elements.iter().all(|element| is_small(element, left)),
        Value::Object(members) => members.values().all(|member| is_small(member, left)),
        _ => true,
    }
}

/// Whether a schema has `anyOf` or `oneOf` anywhere.
fn has_alternatives(schema: &Value) -> bool {
    match schema {
        Value::Array(elements) => elements.iter().any(has_alternatives),
        Value::Object(members) => {
            members.iter().any(|(name, member)| matches!(&**name, "anyOf" | "oneOf") || has_alternatives(member))
        }
        _ => false,
    }
}

impl fmt::Debug for BodySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySchema").field("file", &self.file).field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
