//! The walk beside `serde_json`: what one takes the other takes, and both read the same.
use std::{fmt, iter};

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;

/// Members as `serde_json` reads them: names, and values as JSON.
struct Expected(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Expected;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expected, A::Error> {
                iter::from_fn(|| map.next_entry().transpose()).collect::<Result<_, _>>().map(Expected)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

type Found = Option<Vec<(String, String, Option<String>)>>;

fn walked(json: &str) -> Found {
    let mut members = Vec::new();
    Walk::new(json).all(b'{', b'}', |walk| {
        let (name, value) = (walk.name()?, walk.value()?);
        members.push((name.into_owned(), value.to_owned(), text(value).map(Cow::into_owned)));
        Some(())
    })?;
    Some(members)
}

fn expected(json: &str) -> Found {
    let members: Expected = serde_json::from_str(json).ok()?;
    let read = members.0.into_iter().map(|(name, value)| {
        let text = serde_json::from_str(value.get()).ok();
        (name, value.get().to_owned(), text)
    });
    Some(read.collect())
}

#[track_caller]
fn check(json: &str) {
    assert_eq!(walked(json), expected(json), "{json:?}");
}

#[test]
fn what_is_hardly_json_is_told_from_what_hardly_is_not() {
    for value in [
        "",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-1",
        "+1",
        "1.",
        ".1",
        "1.0",
        "1.e1",
        "1e",
        "1e5",
        "1E+5",
        "1e-",
        "1e400",
        "0e0",
        "0x1",
        "NaN",
        "Infinity",
        "true",
        "True",
        "tru",
        "truee",
        "false",
        "null",
        "nul",
        "\"\"",
        "\"",
        "\"a",
        "'a'",
        r#""\""#,
        r#""\\""#,
        r#""\"""#,
        r#""\/\b\f\n\r\t""#,
        r#""\v""#,
        r#""\u12""#,
        r#""\u00e9""#,
        r#""\u00EG""#,
        r#""\ud83d\ude00""#,
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\u0000""#,
        "\"\t\"",
        "\"\u{7f}\"",
        "\"é😀\"",
        "\"1234567\"",
        "\"12345678\"",
        "\"123456789\"",
        "\"1234567\\n9\"",
        "\"12345678\n\"",
        "\"1234567é\u{1f}\"",
        "[]",
        "[ ]",
        "[1 , 2]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "[}",
        "{}",
        "{ }",
        r#"{"a" : 1}"#,
        r#"{"a":1,}"#,
        r#"{"a"}"#,
        "{a:1}",
        r#"{"a":}"#,
        r#"{"a":[{"b":[null]}]}"#,
        r#"{"a":1]"#,
        "1 1",
        "\u{a0}1",
        "\u{feff}1",
        "/**/1",
        "1//",
    ] {
        check(value);
        check(&format!("{{\"a\":{value}}}"));
        check(&format!("{{\"a\":[{value}]}}"));
        check(&format!(" {{ \"a\" : {{ \"b\" :\n\t{value}\r\n }} , \"c\" : {value} }} "));
        check(&format!("{{{value}:1}}"));
        check(&format!("{{}}{value}"));
    }
}

/// An object with values of every kind, nested, and space here and there.
fn json() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        string(),
        "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        prop::sample::select(vec!["true", "false", "null"]).prop_map(String::from),
    ];
    object(value.prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec((space(), inner.clone()), 0..4);
        let list = list.prop_map(|all| all.into_iter().map(|(space, value)| value + space).collect::<Vec<_>>());
        prop_oneof![list.prop_map(|all| format!("[{}]", all.join(","))), object(inner)]
    }))
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member =
        (string(), space(), value).prop_map(|(name, space, value)| format!("{space}{name}{space}:{space}{value}"));
    prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn string() -> impl Strategy<Value = String> {
    let escape = prop::sample::select(vec![r"\n", r#"\""#, r"\\", r"\u0041", r"\ud83d\ude00", r"\ud83d"]);
    let part = prop_oneof![4 => "[ !#-\\[\\]-~é😀]{0,12}", 1 => escape.prop_map(String::from)];
    prop::collection::vec(part, 0..4).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\r\n\t"])
}

proptest! {
    #[test]
    fn good_json_is_read_as_serde_json_reads_it(json in json()) {
        prop_assert_eq!(walked(&json), expected(&json));
    }

    /// A character put in, taken out or replaced: mostly no longer JSON.
    #[test]
    fn spoilt_json_is_refused_where_serde_json_refuses_it(
        json in json(),
        at in any::<prop::sample::Index>(),
        with in "[\"\\\\{}\\[\\],:0-9eE.+\\-a-ftnrlsu \n\u{0}\u{1f}é]{0,2}",
        removed in 0..3_usize,
    ) {
        let mut characters: Vec<char> = json.chars().collect();
        let begin = at.index(characters.len());
        let end = (begin + removed).min(characters.len());
        characters.splice(begin..end, with.chars());
        let spoilt: String = characters.into_iter().collect();
        prop_assert_eq!(walked(&spoilt), expected(&spoilt), "{}", spoilt);
    }
}
