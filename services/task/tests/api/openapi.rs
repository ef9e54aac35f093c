//! The document tells what the service does: every route, and the fields that really come.

use std::collections::BTreeSet;

use kit::bus::Bus;
use serde_json::{Value, json};

use crate::support::{ADA, Service};

async fn document() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let context = kit::testing::context(task::ABOUT, folder.path(), Bus::Disconnected);
    let module = task::build(task::Settings, context).await.unwrap();
    serde_json::to_value(module.openapi.unwrap()).unwrap()
}

fn fields(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn it_has_every_route() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.insert(format!("{method} {path}"));
            let failure = &operation["responses"]["default"]["content"]["application/problem+json"]["schema"];
            assert_eq!(failure["$ref"], "#/components/schemas/Problem", "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    let expected = [
        "post /tasks",
        "get /tasks",
        "get /tasks/{id}",
        "put /tasks/{id}",
        "delete /tasks/{id}",
        "post /tasks/{id}/complete",
        "post /categories",
        "get /categories",
        "delete /categories/{id}",
    ];
    assert_eq!(found, expected.map(ToOwned::to_owned).into());
}

#[tokio::test]
async fn its_schemas_are_what_comes() {
    let document = document().await;
    let schema = |name: &str| &document["components"]["schemas"][name];
    let service = Service::start().await;
    let task = service.post(ADA, "/tasks", json!({ "title": "a" })).await.body;
    let category = service.post(ADA, "/categories", json!({ "name": "a" })).await.body;
    let problem = service.post(ADA, "/tasks", json!({})).await.body;
    for (name, real) in [("Task", &task), ("Category", &category), ("Problem", &problem)] {
        assert_eq!(fields(&schema(name)["properties"]), fields(real), "{name}");
    }
    let required = |name: &str| schema(name)["required"].as_array().unwrap().len();
    assert_eq!((required("Task"), required("Category")), (fields(&task).len(), fields(&category).len()));
    assert_eq!(schema("TaskFields")["required"], json!(["title"]));
    assert_eq!(schema("TaskFields")["properties"]["title"]["maxLength"], 200);
    assert_eq!(schema("Task")["properties"]["created_at"]["format"], "date-time");
    let page = service.get(ADA, "/tasks").await.body;
    let list = &document["paths"]["/tasks"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let name = list["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(fields(&schema(name)["properties"]), fields(&page));
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                references.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| collect(value, references));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
            _ => {}
        }
    }
    let document = document().await;
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}
