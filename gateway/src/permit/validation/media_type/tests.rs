use super::*;

fn of(value: &'static str) -> Option<MediaType> {
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
    MediaType::of(&fields)
}

#[test]
fn lists_are_read() {
    for (texts, expected) in [
        (&["application/json"][..], Ok("application/json")),
        (&["Application/JSON", "text/*"], Ok("application/json, text/*")),
        (&["application/vnd.api+json"], Ok("application/vnd.api+json")),
        (&["text/plain", "json"], Err(1)),
        (&["*/*"], Err(0)),
        (&["text/"], Err(0)),
        (&["/plain"], Err(0)),
        (&["text/pl*"], Err(0)),
        (&["text/plain; charset=utf-8"], Err(0)),
        (&["text/a/b"], Err(0)),
        (&["text/ plain"], Err(0)),
        (&["text/plain,text/html"], Err(0)),
    ] {
        let types = ContentTypes::parse(texts.iter().copied());
        assert_eq!(types.as_ref().map(|types| types.field().to_str().unwrap()).map_err(|at| *at), expected);
    }
}

#[test]
fn types_are_compared_without_case_and_parameters() {
    let types = ContentTypes::parse(["application/json", "text/*"]).unwrap();
    for (value, expected) in [
        ("application/json", true),
        ("Application/Json", true),
        ("application/json; charset=utf-8", true),
        ("application/json;charset=latin1;x", true),
        ("application/json ; a=\"b;c\"", true),
        ("text/html", true),
        ("TEXT/x", true),
        ("application/jsonx", false),
        ("application/problem+json", false),
        ("textual/html", false),
        ("text", false),
        ("text/", false),
        ("", false),
        ("*/*", false),
        ("application/json, text/plain", false),
        ("application /json", false),
        ("image/png, text/html", false),
    ] {
        assert_eq!(of(value).is_some_and(|one| types.take(&one)), expected, "{value}");
    }
    let mut twice = HeaderMap::new();
    twice.append(header::CONTENT_TYPE, HeaderValue::from_static("text/a"));
    twice.append(header::CONTENT_TYPE, HeaderValue::from_static("text/a"));
    assert!(MediaType::of(&twice).is_none() && MediaType::of(&HeaderMap::new()).is_none());
}

#[test]
fn json_is_utf_8() {
    for (value, expected) in [
        ("application/json", true),
        ("application/merge-patch+json", true),
        ("application/json; charset=UTF-8", true),
        ("application/json; charset=\"utf-8\"", true),
        ("application/json; charset=utf-16", false),
        ("application/json; charset=utf-8; Charset = latin1", false),
        ("text/json", false),
        ("application/xml", false),
    ] {
        assert_eq!(of(value).is_some_and(|one| one.is_json()), expected, "{value}");
    }
}
