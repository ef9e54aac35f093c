//! One document of many.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::{Map, Value, json};

use super::{
    collect::LeftOut,
    components::{Names, Used},
    operations::{Operation, names, reachable},
    security,
};
use crate::live::Live;

/// The merged document (OpenAPI 3.1) of what the services, in the order of [`Live::clusters`], say of themselves.
pub(super) fn merge(live: &Live, papers: Vec<Result<Value, LeftOut>>) -> Value {
    let (mut documents, mut operations) = (Vec::new(), Vec::new());
    let (mut tags, mut left_out) = (Vec::new(), Map::new());
    for (index, paper) in papers.into_iter().enumerate() {
        let service: &str = &live.clusters[index].name;
        let paper = match paper {
            Ok(paper) => paper,
            Err(why) => {
                left_out.insert(service.to_owned(), why.as_str().into());
                continue;
            }
        };
        let mut used = Used::default();
        for Operation { path, method, value } in reachable(live, index, &paper) {
            let mut value = Value::Object(value);
            used.add(&paper, &mut value);
            operations.push((documents.len(), path, method, value));
        }
        tags.push(tag(service, &paper["info"]));
        documents.push((service, used));
    }
    let own = documents.len();
    documents.push(("gateway", Used::all("securitySchemes", security::schemes(live))));

    let naming = Names::new(&documents);
    let (mut paths, mut ids) = (Paths::default(), BTreeSet::new());
    for (document, path, method, mut operation) in operations {
        naming.rename(document, &mut operation);
        naming.rename_security(document, own, &mut operation);
        name_once(&mut operation, documents[document].0, &mut ids);
        paths.add(&path, method, operation);
    }
    let mut merged = json!({
        "openapi": "3.1.0",
        "info": info(&left_out),
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths.into_value(),
        "components": naming.merged(documents),
    });
    if !left_out.is_empty() {
        merged["x-left-out"] = left_out.into();
    }
    merged
}

fn tag(service: &str, info: &Value) -> Value {
    let text = |member: &str| info[member].as_str().unwrap_or_default();
    let title = format!("{} {}", text("title"), text("version"));
    let description = match text("description") {
        "" => title.trim().to_owned(),
        description => description.to_owned(),
    };
    json!({ "name": service, "description": description })
}

fn info(left_out: &Map<String, Value>) -> Value {
    let mut description = String::from("What the services behind this gateway take and give, as its clients reach it.");
    for (service, why) in left_out {
        // Writing to a String cannot fail.
        let _ = write!(description, "\n\nNot shown: `{service}`, since {}.", why.as_str().unwrap_or_default());
    }
    json!({ "title": "gateway", "version": env!("CARGO_PKG_VERSION"), "description": description })
}

/// An `operationId` is there once in a document.
fn name_once(operation: &mut Value, service: &str, taken: &mut BTreeSet<String>) {
    let Some(Value::String(id)) = operation.get_mut("operationId") else { return };
    if taken.contains(id) {
        *id = format!("{service}.{id}");
    }
    while !taken.insert(id.clone()) {
        id.push('_');
    }
}

/// Path items by their paths. Templates that differ in the names of their parameters are one path.
#[derive(Default)]
struct Paths(BTreeMap<String, (String, Map<String, Value>)>);

impl Paths {
    fn add(&mut self, path: &str, method: &str, mut operation: Value) {
        let shape = names(path).fold(path.to_owned(), |shape, name| shape.replace(&format!("{{{name}}}"), "{}"));
        let (template, item) = self.0.entry(shape).or_insert_with(|| (path.to_owned(), Map::new()));
        let renamed: BTreeMap<_, _> = names(path).zip(names(template)).collect();
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            let new = parameter["name"].as_str().and_then(|name| renamed.get(name)).map(|new| Value::from(*new));
            if let Some(new) = new {
                parameter["name"] = new;
            }
        }
        // Two hosts may have the same path: the first is shown.
        item.entry(method).or_insert(operation);
    }

    fn into_value(self) -> Value {
        self.0.into_values().map(|(path, item)| (path, Value::Object(item))).collect::<Map<_, _>>().into()
    }
}
