use super::*;

fn validation(types: &[&'static str], required: &[&'static str], schema: bool) -> Validation {
    Validation {
        content_types: (!types.is_empty()).then(|| Arc::new(ContentTypes::parse(types.iter().copied()).unwrap())),
        required: required.iter().map(|name| HeaderName::from_static(name)).collect(),
        schema: schema.then(|| Arc::new(BodySchema::compile("a.json", 100, b"{}").unwrap())),
    }
}

/// The code of what is wrong with a request of these fields; `ok` for nothing.
fn code(
    validation: &Validation,
    method: &Method,
    fields: &[(&'static str, &'static str)],
    has_body: bool,
) -> &'static str {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, HeaderValue::from_static(value));
    }
    validation.check_head(method, &map, has_body).map_or_else(|rejection| rejection.code(), |()| "ok")
}

#[test]
fn nothing_asked_is_no_rule() {
    assert!(Validation::new(None, Arc::default(), None).is_none());
}

#[test]
fn required_fields_have_a_value() {
    let tenant = validation(&[], &["x-tenant", "x-b"], false);
    for (fields, expected) in [
        (&[("x-tenant", "1"), ("x-b", "2")][..], "ok"),
        (&[("x-b", ""), ("x-b", "2"), ("x-tenant", "0")], "ok"),
        (&[("x-tenant", "1")], "header_missing"),
        (&[("x-tenant", " "), ("x-b", "2")], "header_missing"),
        (&[], "header_missing"),
    ] {
        assert_eq!(code(&tenant, &Method::GET, fields, false), expected, "{fields:?}");
    }
}

#[test]
fn only_a_body_has_a_type() {
    let json = validation(&["application/json"], &[], false);
    let text = [("content-type", "text/plain")];
    assert_eq!(code(&json, &Method::POST, &text, false), "ok");
    assert_eq!(code(&json, &Method::POST, &text, true), "content_type_unsupported");
    assert_eq!(code(&json, &Method::GET, &[], true), "content_type_unsupported");
    assert_eq!(code(&json, &Method::POST, &[("content-type", "APPLICATION/json;a=b")], true), "ok");
}

#[test]
fn a_schema_asks_for_json_that_is_there() {
    let schema = validation(&[], &[], true);
    let json = ("content-type", "application/json");
    for (method, fields, has_body, expected) in [
        (Method::GET, &[][..], false, "ok"),
        (Method::DELETE, &[], false, "ok"),
        (Method::POST, &[json], false, "body_invalid"),
        (Method::PATCH, &[], false, "body_invalid"),
        (Method::POST, &[json], true, "ok"),
        (Method::GET, &[json], true, "ok"),
        (Method::GET, &[], true, "content_type_unsupported"),
        (Method::POST, &[("content-type", "application/json; charset=utf-7")], true, "content_type_unsupported"),
        (Method::POST, &[json, ("content-encoding", "gzip")], true, "content_type_unsupported"),
        (Method::POST, &[json, ("content-encoding", "Identity")], true, "ok"),
    ] {
        assert_eq!(code(&schema, &method, fields, has_body), expected, "{method} {fields:?}");
    }
    let both = validation(&["text/plain"], &[], true);
    assert_eq!(code(&both, &Method::POST, &[json], true), "content_type_unsupported");
}
