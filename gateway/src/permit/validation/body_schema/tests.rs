use serde_json::json;

use super::*;

fn schema(schema: &Value) -> BodySchema {
    BodySchema::compile("a.json", 1 << 20, schema.to_string().as_bytes())
        .unwrap_or_else(|why| panic!("{schema}: {why}"))
}

/// What is wrong with a body: `/pointer detail`, one a fault.
fn faults(schema: &BodySchema, body: &[u8]) -> Vec<String> {
    match schema.check(body) {
        Ok(()) => Vec::new(),
        Err(Rejection::BodyInvalid { faults }) => {
            faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn each_keyword_says_what_and_where() {
    for (schema_of, body, expected) in [
        (json!({ "type": "string" }), json!(1), " must be a string"),
        (json!({ "type": ["integer", "null"] }), json!("a"), " must be null or a whole number"),
        (
            json!({ "properties": { "a": { "items": { "type": "number" } } } }),
            json!({ "a": [1, "x"] }),
            "/a/1 must be a number",
        ),
        (json!({ "required": ["a/b"] }), json!({}), "/a~1b is missing"),
        (json!({ "properties": { "o": { "required": ["a~b"] } } }), json!({ "o": {} }), "/o/a~0b is missing"),
        (json!({ "additionalProperties": false }), json!({ "x": 1 }), " must have no member"),
        (
            json!({ "properties": { "a": true }, "additionalProperties": false }),
            json!({ "a": 1, "x": 1 }),
            "/x is not known here",
        ),
        (json!({ "unevaluatedProperties": false }), json!({ "x": 1 }), "/x is not known here"),
        (json!({ "properties": { "a": false } }), json!({ "a": 1 }), "/a must not be there"),
        (json!({ "enum": ["secret", "b"] }), json!("c"), " must be one of the values that are listed for it"),
        (json!({ "const": "secret" }), json!(2), " must be the one value that is given for it"),
        (json!({ "minimum": 1 }), json!(0), " must be at least 1"),
        (json!({ "exclusiveMaximum": 5 }), json!(5), " must be less than 5"),
        (json!({ "multipleOf": 2 }), json!(3), " must be a multiple of 2"),
        (json!({ "minLength": 1 }), json!(""), " must have at least 1 character"),
        (json!({ "maxLength": 2 }), json!("abc"), " must have at most 2 characters"),
        (json!({ "maxItems": 0 }), json!([1]), " must have at most 0 elements"),
        (json!({ "minProperties": 1 }), json!({}), " must have at least 1 member"),
        (json!({ "pattern": "^a+$" }), json!("secret"), " must match `^a+$`"),
        (json!({ "pattern": "a".repeat(201) }), json!("b"), " is not what the schema asks for"),
        (json!({ "format": "email" }), json!("nobody"), " must be of the format `email`"),
        (json!({ "format": "uuid" }), json!("x"), " must be of the format `uuid`"),
        (json!({ "uniqueItems": true }), json!([1, 1]), " must not have an element twice"),
        (json!({ "contains": { "const": 1 } }), json!([2]), " lacks an element that it must have"),
        (
            json!({ "propertyNames": { "maxLength": 1 } }),
            json!({ "ab": 1 }),
            " has a member of a name that is not allowed",
        ),
        (json!({ "anyOf": [false] }), json!(1), " is none of the alternatives"),
        (json!({ "oneOf": [true, true] }), json!(1), " is more than one of the alternatives"),
        (json!({ "not": true }), json!("secret"), " is not what the schema asks for"),
        (json!({ "$ref": "#/$defs/a", "$defs": { "a": { "type": "null" } } }), json!(1), " must be null"),
        (json!(false), json!(1), " must not be there"),
    ] {
        assert_eq!(faults(&schema(&schema_of), body.to_string().as_bytes()), [expected], "{schema_of}");
    }
}

#[test]
fn what_is_no_json_is_told_before_any_schema() {
    let any = schema(&json!(true));
    assert!(faults(&any, b"{\"a\": [1, 2.5e3, null]}").is_empty());
    assert_eq!(faults(&any, b"{"), [" is not JSON (line 1, column 1)"]);
    assert_eq!(faults(&any, b"{\"a\":1,\"a\":1}"), [" has a name twice in one object (line 1, column 10)"]);
}

#[test]
fn an_answer_stays_small() {
    let numbers = schema(&json!({
        "items": { "type": "number" },
        "properties": { "a": true },
        "additionalProperties": false,
    }));
    assert_eq!(faults(&numbers, json!(vec!["secret"; 200]).to_string().as_bytes()).len(), MAX_FAULTS);
    assert_eq!(faults(&numbers, json!(vec!["secret"; 5000]).to_string().as_bytes()), ["/0 must be a number"]);
    let names =
        |count: usize| -> serde_json::Map<_, _> { (0..count).map(|at| (format!("n{at}"), json!("s"))).collect() };
    assert_eq!(faults(&numbers, Value::Object(names(200)).to_string().as_bytes()).len(), MAX_FAULTS);
    assert_eq!(faults(&numbers, Value::Object(names(5000)).to_string().as_bytes()).len(), 1);
    let long = json!({ "a".repeat(60_000): "secret" }).to_string();
    assert_eq!(faults(&numbers, long.as_bytes()), [" is not known here"], "the pointer is that of the place around");
}

#[test]
fn deep_bodies_and_deep_schemas_end() {
    let tree = schema(&json!({ "items": { "$ref": "#" }, "type": "array" }));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(faults(&tree, nested(json::MAX_DEPTH).as_bytes()).is_empty());
    assert_eq!(faults(&tree, nested(json::MAX_DEPTH + 1).as_bytes()).len(), 1);
}

#[test]
fn an_expression_takes_linear_time() {
    let evil = schema(&json!({ "pattern": "^(a+)+$" }));
    let body = json!(format!("{}!", "a".repeat(60_000))).to_string();
    assert_eq!(faults(&evil, body.as_bytes()).len(), 1);
}

#[test]
fn what_is_no_schema_is_refused() {
    for (text, part) in [
        ("{", "it is not JSON"),
        ("[]", "[]"),
        ("{\"type\": 5}", "at /type"),
        ("{\"pattern\": \"(\"}", "/pattern"),
        ("{\"pattern\": \"(?=a)\"}", "/pattern"),
        ("{\"$ref\": \"other.json\"}", "other.json"),
        ("{\"$ref\": \"http://127.0.0.1:1/a.json\"}", "127.0.0.1"),
        ("{\"$ref\": \"file:///etc/hostname\"}", "hostname"),
        ("{\"$ref\": \"#/nothing\"}", "nothing"),
    ] {
        let why = BodySchema::compile("a.json", 1, text.as_bytes()).expect_err(text);
        assert!(why.contains(part), "{text}: {why}");
    }
}

/// What refers to itself without ever looking at anything asks for nothing, and ends.
#[test]
fn a_circle_of_references_ends() {
    let circle = schema(&json!({
        "$ref": "#/$defs/a",
        "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" } },
    }));
    assert!(faults(&circle, b"1").is_empty());
    assert!(faults(&schema(&json!({ "$ref": "#" })), b"[[]]").is_empty());
}

/// Alternatives that nest are dear to explain, and never are for a large body.
#[test]
fn a_large_body_is_refused_at_a_small_cost() {
    let tree = schema(&json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "$ref": "#" } }] }));
    let deep = format!("{}0{}", "[".repeat(50), "]".repeat(50));
    let body = format!("[{}]", vec![deep; 600].join(","));
    let began = std::time::Instant::now();
    assert_eq!(faults(&tree, body.as_bytes()), [" is not what the schema asks for"]);
    // Told in full it takes many seconds in a build for tests.
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(faults(&tree, b"[[0]]"), [" is none of the alternatives"]);
    let text = json!([0, "x".repeat(60_000)]).to_string();
    assert_eq!(faults(&tree, text.as_bytes()), [" is not what the schema asks for"]);
}
