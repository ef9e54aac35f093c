use std::time::Duration;

use super::*;

fn listed<T>(any: bool, names: Vec<T>) -> Listed<T> {
    Listed { any, names }
}

fn policy(origins: &[&str]) -> Policy {
    let patterns = origins.iter().filter(|text| **text != "*");
    Policy {
        origins: Origins {
            any: origins.contains(&"*"),
            patterns: patterns.map(|text| OriginPattern::parse(text).unwrap()).collect(),
        },
        methods: listed(false, vec![Method::GET, Method::PUT]),
        headers: None,
        expose_headers: listed(false, Vec::new()),
        credentials: false,
        max_age: None,
    }
}

fn shown(fields: &HeaderMap) -> Vec<String> {
    let mut shown: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    shown.sort();
    shown
}

#[track_caller]
fn marked(policy: Policy, origin: Option<&'static str>, expected: &[&str]) {
    let mut fields = HeaderMap::new();
    fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("https://old"));
    Cors::new(policy).mark_for(origin.map(HeaderValue::from_static).as_ref(), &mut fields);
    assert_eq!(shown(&fields), expected);
}

#[test]
fn answers_are_marked() {
    marked(policy(&["https://a"]), Some("https://a"), &["access-control-allow-origin: https://a", "vary: Origin"]);
    marked(policy(&["https://a"]), Some("https://b"), &["vary: Origin"]);
    marked(policy(&["https://a"]), None, &["vary: Origin"]);
    marked(policy(&["*"]), Some("https://b"), &["access-control-allow-origin: *"]);
    marked(policy(&["*"]), None, &["access-control-allow-origin: *"]);
    marked(
        Policy {
            credentials: true,
            expose_headers: listed(false, vec![header::ETAG, header::LINK]),
            ..policy(&["null"])
        },
        Some("null"),
        &[
            "access-control-allow-credentials: true",
            "access-control-allow-origin: null",
            "access-control-expose-headers: etag, link",
            "vary: Origin",
        ],
    );
}

fn asked(method: Method, names: &[&'static str]) -> Preflight {
    Preflight { method, names: Some(names.iter().map(|name| HeaderName::from_static(name)).collect()) }
}

/// What `policy` says to a page of `https://a` that asks for this.
fn granted(policy: &Policy, asked: &Preflight) -> Option<Vec<String>> {
    let origin = HeaderValue::from_static("https://a");
    let fields = Cors::new(policy.clone()).grant(Some(&origin), asked).ok()?;
    Some(shown(&fields).into_iter().filter(|line| !line.starts_with("vary")).collect())
}

#[test]
fn preflights_are_granted_by_origin_method_and_fields() {
    let plain = policy(&["https://a"]);
    let methods = String::from("access-control-allow-methods: GET, PUT");
    assert_eq!(granted(&plain, &asked(Method::PUT, &[])), Some(vec![methods.clone()]));
    let names = String::from("access-control-allow-headers: x-a, authorization");
    assert_eq!(granted(&plain, &asked(Method::PUT, &["x-a", "authorization"])), Some(vec![names, methods]));
    assert_eq!(granted(&plain, &asked(Method::POST, &[])), None);
    assert_eq!(granted(&plain, &asked(Method::from_bytes(b"put").unwrap(), &[])), None, "methods have a case");
    assert_eq!(granted(&policy(&["https://b"]), &asked(Method::PUT, &[])), None);
    assert_eq!(granted(&plain, &Preflight { method: Method::PUT, names: None }), None);
    let any = Policy { methods: listed(true, Vec::new()), ..policy(&["*"]) };
    let lines = vec![String::from("access-control-allow-methods: *")];
    assert_eq!(granted(&any, &asked(Method::DELETE, &[])), Some(lines));
}

#[test]
fn a_list_of_fields_is_granted_as_it_is_written() {
    let with = |any, names| Policy { headers: Some(listed(any, names)), ..policy(&["https://a"]) };
    let line = |policy: &Policy, names: &[&'static str]| {
        let lines = granted(policy, &asked(Method::PUT, names))?;
        Some(lines.into_iter().find(|line| line.starts_with("access-control-allow-headers")).unwrap_or_default())
    };
    let is = |text: &str| {
        Some(if text.is_empty() { String::new() } else { format!("access-control-allow-headers: {text}") })
    };
    assert_eq!(line(&with(false, Vec::new()), &[]), is(""));
    assert_eq!(line(&with(false, Vec::new()), &["x-a"]), None);
    assert_eq!(line(&with(false, vec![header::ETAG]), &[]), is("etag"));
    assert_eq!(line(&with(false, vec![header::ETAG]), &["etag", "x-a"]), None);
    assert_eq!(line(&with(true, Vec::new()), &["x-a"]), is("*"));
    assert_eq!(line(&with(true, Vec::new()), &["authorization"]), None, "`*` does not cover it");
    assert_eq!(line(&with(true, vec![header::AUTHORIZATION]), &["authorization", "x-a"]), is("*, authorization"));
}

#[test]
fn the_age_is_told_in_seconds() {
    let policy = Policy { max_age: Some(Duration::from_mins(10)), ..policy(&["https://a"]) };
    let lines = granted(&policy, &asked(Method::GET, &[])).unwrap();
    assert!(lines.contains(&String::from("access-control-max-age: 600")), "{lines:?}");
}

#[test]
fn several_origins_are_none_that_is_granted() {
    let mut fields = HeaderMap::new();
    assert_eq!(origin(&fields), None);
    fields.append(header::ORIGIN, HeaderValue::from_static("https://a"));
    assert_eq!(origin(&fields).unwrap(), "https://a");
    fields.append(header::ORIGIN, HeaderValue::from_static("https://a"));
    let joined = origin(&fields).unwrap();
    assert!(!policy(&["https://a"]).origins.take(joined.as_bytes()));
}

#[test]
fn an_upstreams_own_grant_goes() {
    let mut fields = HeaderMap::new();
    for name in ["access-control-allow-origin", "access-control-allow-private-network", "x-access-control-a"] {
        fields.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
    }
    replace(&mut fields);
    assert_eq!(shown(&fields), ["x-access-control-a: 1"]);
}
