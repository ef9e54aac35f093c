//! What a body's fault is called. Only the bounds that a schema has are repeated, and names within the body: never a
//! value, neither the body's nor one that the schema asks for.
use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

use crate::rejection::BodyFault;

/// A pointer is cut to a place further out beyond this; in bytes.
const MAX_POINTER: usize = 256;
/// A schema's pattern is repeated up to this length; in bytes.
const MAX_QUOTE: usize = 200;
/// Names that one error may bring.
const MAX_NAMES: usize = 10;

/// The faults that one error of the validator tells: where, as a JSON Pointer, and what is wrong there.
pub(super) fn explain(error: &ValidationError<'_>) -> Vec<BodyFault> {
    let place = error.instance_path().as_str();
    let unknown = |names: &[String]| {
        let faults = names.iter().take(MAX_NAMES).map(|name| fault(&below(place, name), "is not known here"));
        faults.collect()
    };
    match error.kind() {
        Kind::Required { property: Value::String(name) } => vec![fault(&below(place, name), "is missing")],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unknown(unexpected),
        // Of a member under `additionalProperties = false` alone, the validator tells the object's place.
        Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
            vec![fault(place, "must have no member")]
        }
        kind => vec![fault(place, why(kind))],
    }
}

fn why(kind: &Kind) -> String {
    match kind {
        Kind::Type { kind: TypeKind::Single(kind) } => format!("must be {}", type_name(*kind)),
        Kind::Type { kind: TypeKind::Multiple(kinds) } => {
            let names: Vec<_> = kinds.iter().map(type_name).collect();
            format!("must be {}", names.join(" or "))
        }
        // These values may be what a caller has to know: a code, an invitation.
        Kind::Enum { .. } => String::from("must be one of the values that are listed for it"),
        Kind::Constant { .. } => String::from("must be the one value that is given for it"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must have at least {}", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("must have at most {}", count(*limit, "character")),
        Kind::MinItems { limit } => format!("must have at least {}", count(*limit, "element")),
        Kind::MaxItems { limit } => format!("must have at most {}", count(*limit, "element")),
        Kind::AdditionalItems { limit } => format!("must have at most {}", count(*limit as u64, "element")),
        Kind::MinProperties { limit } => format!("must have at least {}", count(*limit, "member")),
        Kind::MaxProperties { limit } => format!("must have at most {}", count(*limit, "member")),
        Kind::Pattern { pattern } if pattern.len() <= MAX_QUOTE => format!("must match `{pattern}`"),
        Kind::Format { format } => format!("must be of the format `{format}`"),
        Kind::UniqueItems => String::from("must not have an element twice"),
        Kind::Contains => String::from("lacks an element that it must have"),
        Kind::PropertyNames { .. } => String::from("has a member of a name that is not allowed"),
        Kind::UnevaluatedItems { .. } => String::from("has an element that is not known here"),
        Kind::FalseSchema => String::from("must not be there"),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => String::from("is none of the alternatives"),
        Kind::OneOfMultipleValid { .. } => String::from("is more than one of the alternatives"),
        _ => String::from("is not what the schema asks for"),
    }
}

fn fault(pointer: &str, why: impl Into<String>) -> BodyFault {
    BodyFault { pointer: within(pointer).into(), detail: why.into().into() }
}

/// The pointer of the member `name` (RFC 6901 §3).
fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The pointer, or that of the innermost place around it that is short enough.
fn within(pointer: &str) -> &str {
    let mut pointer = pointer;
    while pointer.len() > MAX_POINTER {
        pointer = pointer.rfind('/').map_or("", |slash| &pointer[..slash]);
    }
    pointer
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}
