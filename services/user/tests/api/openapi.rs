use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::Service;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(service: &Service) -> Value {
    service.get("/openapi.json").await.is(200).body
}

fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.clone(), path.clone()))
    });
    all.collect()
}

#[tokio::test]
async fn what_is_documented_is_what_answers() {
    let service = Service::start().await;
    let document = document(&service).await;
    assert_eq!((&document["info"]["title"], document["openapi"].as_str()), (&json!("user"), Some("3.1.0")));
    let operations = operations(&document);
    let expected = [
        ("get", "/.well-known/jwks.json"),
        ("post", "/auth/login"),
        ("post", "/auth/refresh"),
        ("post", "/auth/verify"),
        ("get", "/users"),
        ("post", "/users"),
        ("get", "/users/{id}"),
        ("put", "/users/{id}"),
    ];
    let mut found: Vec<_> = operations.iter().map(|(method, path)| (method.as_str(), path.as_str())).collect();
    found.sort_unstable_by_key(|(method, path)| (*path, *method));
    assert_eq!(found, expected);

    for path in document["paths"].as_object().unwrap().keys() {
        for method in METHODS {
            let documented = operations.contains(&(method.to_owned(), path.clone()));
            let uri = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(uri);
            let answer = service.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status != 405, documented, "{method} {path}: {answer:?}");
            assert_ne!(answer.body["code"], "no_route", "{method} {path}");
        }
    }
}

/// `routes!` documents what it adds; `route` would not.
#[test]
fn no_route_goes_undocumented() {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api.rs");
    let text = std::fs::read_to_string(api).unwrap();
    assert!(text.contains(".routes(routes!("));
    for other in [".route(", ".nest(", ".merge(", ".fallback("] {
        assert!(!text.contains(other), "{other} adds what /openapi.json does not show");
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let service = Service::start().await;
    let document = document(&service).await;
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "{references:?}");
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let schema = |name: &str| &document["components"]["schemas"][name];
    assert_eq!(schema("RegisterBody")["required"], json!(["email", "password", "name"]));
    assert_eq!(schema("RegisterBody")["properties"]["email"]["type"], "string");
    assert_eq!(schema("UserBody")["properties"]["created_at"]["format"], "date-time");
    let list = &document["paths"]["/users"]["get"];
    let names: Vec<_> = list["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str()).collect();
    assert_eq!(names, [Some("limit"), Some("cursor")]);
    assert!(document["paths"]["/users"]["post"].get("security").is_none(), "anyone may register");

    // What an answer holds is what the document says that it holds.
    service.register("ada@example.com").await;
    let token = service.login("ada@example.com", crate::support::PASSWORD).await.is(200);
    let claims = service.verify(&token.text("access_token")).await.is(200);
    for (answer, name) in [(&token.body, "TokensBody"), (&claims.body, "ClaimsBody")] {
        let shown: Vec<_> = answer.as_object().unwrap().keys().collect();
        let mut documented: Vec<_> = schema(name)["properties"].as_object().unwrap().keys().collect();
        documented.sort_unstable();
        assert_eq!(shown, documented, "{name}");
    }
}

#[tokio::test]
async fn the_page_is_there() {
    let service = Service::start().await;
    let page = service.get("/docs").await.is(200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
