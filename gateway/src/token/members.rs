//! A JSON object's members, each name once (RFC 7519 §4 lets a reader refuse the rest, and two readers could choose
//! differently).
use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::TokenFault;

/// Members that an object may have; each is compared with all before it.
const MAX_MEMBERS: usize = 128;
/// How deep a value may be nested.
const MAX_DEPTH: usize = 16;

/// Names and values; a value is read where it is wanted.
#[derive(Debug)]
pub(super) struct Members<'t>(SmallVec<[(Cow<'t, str>, &'t RawValue); 12]>);

impl<'t> Members<'t> {
    /// The members of the one object that `json` is.
    pub(super) fn parse(json: &'t [u8]) -> Option<Self> {
        let members: Self = serde_json::from_str(str::from_utf8(json).ok()?).ok()?;
        members.0.iter().all(|(_, value)| is_shallow(value.get())).then_some(members)
    }

    /// A value as JSON.
    pub(super) fn get(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.get())
    }

    /// A value that has to be a string if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'t, str>>, TokenFault> {
        self.get(name).map(|json| text(json).ok_or(TokenFault::Malformed)).transpose()
    }
}

/// What a JSON string says.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?;
    if json.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    inner.strip_suffix('"').map(Cow::Borrowed)
}

fn is_shallow(json: &str) -> bool {
    if !json.starts_with(['{', '[']) {
        return true;
    }
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with each name once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members(SmallVec::new());
                while let Some(Name(name)) = map.next_key()? {
                    if members.0.len() == MAX_MEMBERS || members.0.iter().any(|(own, _)| *own == name) {
                        return Err(A::Error::custom("a name twice, or too many"));
                    }
                    members.0.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A member's name, borrowed where it has no escape.
struct Name<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once_and_nothing_is_deep() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        let check =
            |json: &str, expected: bool| assert_eq!(Members::parse(json.as_bytes()).is_some(), expected, "{json}");
        check("{}", true);
        check(r#" {"a":1,"b":{"a":2}} "#, true);
        check(r#"{"a":"[[[[[[[[[[[[[[[[[[[[","b":["\"[[[[[[[[[[[[[[[[[["]}"#, true);
        check(r#"{"a":1,"a":1}"#, false);
        check(r#"{"a":1,"\u0061":1}"#, false);
        check(r#"{"a":1,}"#, false);
        check(r#"{"a":01}"#, false);
        check("{\"a\":\"\n\"}", false);
        check("[]", false);
        check("{} x", false);
        check(&nested(MAX_DEPTH), true);
        check(&nested(MAX_DEPTH + 1), false);
        check(&nested(3000), false);
        check(&many(MAX_MEMBERS), true);
        check(&many(MAX_MEMBERS + 1), false);
        assert!(Members::parse(b"{\"a\":\"\xff\"}").is_none());
    }
}
