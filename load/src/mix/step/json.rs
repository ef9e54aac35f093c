//! A body: TOML's values as JSON's.

use serde_json::{Number, Value};
use toml::de::DeValue;

use super::{
    super::{
        Body, Fault,
        key::{At, expected, integer, number},
    },
    template,
};

pub(super) fn read(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<Body> {
    match value.get_ref() {
        DeValue::String(text) if !text.contains(['{', '}']) => Some(Body::Fixed(Value::String(text.to_string()))),
        DeValue::String(text) => template(text, &value.span(), faults).map(Body::Text),
        DeValue::Boolean(yes) => Some(Body::Fixed(Value::Bool(*yes))),
        DeValue::Integer(_) => fixed(integer(value).map(Number::from), value, faults),
        DeValue::Float(_) => fixed(number(value).and_then(Number::from_f64), value, faults),
        DeValue::Array(items) => Some(Body::List(items.iter().filter_map(|item| read(item, faults)).collect())),
        DeValue::Table(table) => {
            let member = |(name, value): (_, &At<'_>)| {
                let name: &toml::Spanned<std::borrow::Cow<'_, str>> = name;
                Some((name.get_ref().to_string(), read(value, faults)?))
            };
            Some(Body::Object(table.iter().filter_map(member).collect()))
        }
        DeValue::Datetime(_) => expected("a string: JSON has no dates", value.span(), faults),
    }
}

fn fixed(number: Option<Number>, value: &At<'_>, faults: &mut Vec<Fault>) -> Option<Body> {
    match number {
        Some(number) => Some(Body::Fixed(Value::Number(number))),
        None => expected("a number that JSON has", value.span(), faults),
    }
}
