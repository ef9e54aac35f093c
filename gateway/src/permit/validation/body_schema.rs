//! A JSON Schema that bodies are held to.
use std::fmt;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::{explain::explain, json};
use crate::rejection::{BodyFault, Rejection};

/// Faults that one answer tells.
const MAX_FAULTS: usize = 10;

/// A compiled schema, and how much of a body is held in memory for it.
pub struct BodySchema {
    file: Box<str>,
    max_body: u64,
    validator: Validator,
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
        Ok(Self { file: file.into(), max_body, validator })
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
        let faults = self.validator.iter_errors(&value).flat_map(|error| explain(&error)).take(MAX_FAULTS);
        Err(Rejection::BodyInvalid { faults: faults.collect() })
    }
}

impl fmt::Debug for BodySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySchema").field("file", &self.file).field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
