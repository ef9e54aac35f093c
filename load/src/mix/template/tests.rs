use serde_json::json;

use super::*;

struct Known(Value);

impl Source for Known {
    fn value(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

#[test]
fn values_are_filled_in() {
    let known = Known(json!({"id": "a/b ü", "qty": 3}));
    let check = |text: &str, escape: Escape, expected: Option<&str>| {
        assert_eq!(Template::parse(text).unwrap().fill(&known, escape).as_deref(), expected, "{text}");
    };
    check("/tasks", Escape::Path, Some("/tasks"));
    check("/tasks/{id}/x?q={qty}", Escape::Path, Some("/tasks/a%2Fb%20%C3%BC/x?q=3"));
    check("Bearer {id}", Escape::No, Some("Bearer a/b ü"));
    check("{{id}} {id}", Escape::No, Some("{id} a/b ü"));
    check("{unknown}", Escape::No, None);
    check("", Escape::No, Some(""));
}

#[test]
fn what_is_no_template() {
    for text in ["{", "{id", "id}", "{}", "{Id}", "{1}", "{a b}", "{{{"] {
        assert!(Template::parse(text).is_err(), "{text}");
    }
}

#[test]
fn json_keeps_the_types_of_values() {
    let known = Known(json!({"qty": 3, "name": "a \"b\""}));
    let text = |text: &str| Body::Text(Template::parse(text).unwrap());
    let body = Body::Object(vec![
        ("qty".into(), text("{qty}")),
        ("title".into(), text("{qty} of {name}")),
        ("more".into(), Body::List(vec![Body::Fixed(json!(true)), text("{name}")])),
    ]);
    let filled = body.fill(&known).unwrap();
    assert_eq!(filled, json!({"qty": 3, "title": "3 of a \"b\"", "more": [true, "a \"b\""]}));
    assert_eq!(text("{unknown}").fill(&known), None);
    assert_eq!(body.names(), ["qty", "qty", "name", "name"]);
}
