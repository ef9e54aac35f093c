//! The services' documents, merged at the gateway: the same in both modes.
use e2e::eventually;
use serde_json::Value;

use crate::{
    api::get,
    support::{Mode, System},
};

#[test]
fn the_merged_documents_in_the_monolith() {
    documents(Mode::Monolith);
}

#[test]
fn the_merged_documents_in_microservices() {
    documents(Mode::Microservices);
}

fn documents(mode: Mode) {
    let system = System::start(mode, &[]);
    let merged = eventually("all services are shown", || {
        let merged = get(system.gateway, "/openapi.json").json();
        merged.get("x-left-out").is_none().then_some(merged)
    });
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut shown: Vec<(String, String, String)> = Vec::new();
    for (path, item) in members(&merged["paths"]) {
        for (method, operation) in members(&item) {
            shown.push((operation["tags"][0].as_str().expect("a tag").into(), method, path.clone()));
        }
    }
    shown.sort();
    let shown: Vec<_> = shown.iter().map(|(service, method, path)| format!("{service} {method} {path}")).collect();
    // SPEC §4's table, but for what the gateway routes to nobody.
    let expected = [
        "notification delete /notifications/{id}",
        "notification get /notifications",
        "notification get /notifications/{id}",
        "notification post /notifications",
        "notification post /notifications/{id}/send",
        "task delete /categories/{id}",
        "task delete /tasks/{id}",
        "task get /categories",
        "task get /tasks",
        "task get /tasks/{id}",
        "task post /categories",
        "task post /tasks",
        "task post /tasks/{id}/complete",
        "task put /tasks/{id}",
        "ticket get /api/v1/tickets/{id}",
        "ticket post /api/v1/purchase",
        "user get /.well-known/jwks.json",
        "user get /users",
        "user get /users/{id}",
        "user post /auth/login",
        "user post /auth/refresh",
        "user post /auth/verify",
        "user post /users",
        "user put /users/{id}",
        "vacancy get /api/v1/available",
        "vacancy post /api/v1/restock",
    ];
    assert_eq!(shown, expected);
    let of = |path: &str, method: &str| merged["paths"][path][method]["security"].to_string();
    assert_eq!(of("/tasks", "get"), r#"[{"bearer":[]}]"#);
    assert_eq!(of("/users", "post"), "[]", "nobody needs a token to register");
    assert_eq!(of("/api/v1/restock", "post"), r#"[{"bearer":["admin"]}]"#);
    let mut references = Vec::new();
    gather(&merged, &mut references);
    assert!(references.len() > 30, "{references:?}");
    for reference in references {
        let target = merged.pointer(reference.strip_prefix('#').expect("it is within the document"));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    let page = get(system.gateway, "/docs");
    assert!(page.status() == 200 && page.text().contains("docs/swagger-ui-bundle.js"), "{}", page.text());
}

/// Every `$ref`.
fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| gather(member, found));
        }
        _ => {}
    }
}
