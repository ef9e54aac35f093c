//! What of a service's document a client can reach, and where: each operation is tried on the gateway's own routes.
use std::borrow::Cow;

use http::Method;
use serde_json::{Map, Value, json};

use super::security;
use crate::{
    config::StripPrefix,
    live::{Lane, Live},
    path::normalise,
    route::{Example, HostPattern, Query, RoutePattern},
    transform::target::{Matched, forwarded_path},
};

/// The members of a path item that are operations; TRACE is never forwarded.
const METHODS: [(&str, Method); 7] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("head", Method::HEAD),
    ("patch", Method::PATCH),
];

/// What is tried for a parameter, by its number: a route may take some values alone.
const VALUES: [fn(usize) -> String; 4] = [
    |number| (11 + number).to_string(),
    |number| format!("a{number}"),
    |number| char::from(b'a' + u8::try_from(number % 26).unwrap_or_default()).to_string().repeat(3),
    |number| format!("01890a5d-ac96-774b-bcce-{number:012}"),
];

/// An operation as a client calls it.
pub(super) struct Operation {
    /// `/users/{id}`.
    pub(super) path: String,
    /// `get`.
    pub(super) method: &'static str,
    /// What the service says of it, with all that was said beside it.
    pub(super) value: Map<String, Value>,
}

/// A route of the service.
struct Way<'l> {
    pattern: &'l RoutePattern,
    index: usize,
    lane: &'l Lane,
    example: Example,
}

/// The operations of `document`, which is the service's with this index, that routes lead to.
pub(super) fn reachable(live: &Live, service: usize, document: &Value) -> Vec<Operation> {
    let routes = live.routes.in_match_order().map(|(pattern, &index)| (pattern, index, &live.lanes[index]));
    let ways = routes.filter(|(_, _, lane)| lane.leads_to(service));
    let ways: Vec<_> = ways
        .filter_map(|(pattern, index, lane)| Some(Way { pattern, index, lane, example: pattern.example()? }))
        .collect();
    let mut found: Vec<Operation> = Vec::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (path, item) in paths.filter(|(path, _)| path.starts_with('/') && !path.contains(['?', '#'])) {
        let item = resolved(document, item);
        for (name, method) in &METHODS {
            let Some(operation) = item[name].as_object() else { continue };
            for way in &ways {
                for client in way.clients_paths(path) {
                    let is_new = found.iter().all(|known| known.path != client || known.method != *name);
                    if is_new && way.leads(live, &client, path, method) {
                        let value = way.described(live, document, &item, operation, &client);
                        found.push(Operation { path: client, method: name, value });
                    }
                }
            }
        }
    }
    found
}

/// What a `$ref` within the document stands for.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> Cow<'d, Value> {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.strip_prefix('#')?));
    Cow::Borrowed(target.unwrap_or(value))
}

/// The names of `/users/{id}`.
pub(super) fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

impl Way<'_> {
    /// What a client could ask for so that the service is asked for `path`.
    fn clients_paths(&self, path: &str) -> Vec<String> {
        let pattern = &self.pattern.path;
        let transform = &self.lane.transform;
        if let Some(rewrite) = &transform.rewrite {
            return rewrite.before(pattern, path).into_iter().collect();
        }
        match &transform.strip_prefix {
            StripPrefix::Nothing => vec![path.to_owned()],
            StripPrefix::Matched => pattern.before(path).into_iter().collect(),
            // A path without the prefix is sent as it is.
            StripPrefix::Text(prefix) => vec![format!("{}{path}", prefix.trim_end_matches('/')), path.to_owned()],
        }
    }

    /// Whether such a request takes this route, and arrives as `path`.
    fn leads(&self, live: &Live, client: &str, path: &str, method: &Method) -> bool {
        VALUES.iter().any(|value| {
            let filled = |template: &str| {
                let names = names(client).enumerate();
                let filled = names.fold(template.to_owned(), |text, (number, name)| {
                    text.replace(&format!("{{{name}}}"), &value(number))
                });
                normalise(&filled).map(Cow::into_owned).ok()
            };
            let (Some(asked), Some(expected)) = (filled(client), filled(path)) else { return false };
            let Example { host, headers, query } = &self.example;
            let request = Query { method, host, path: &asked, query: query.as_deref(), headers };
            let Ok(found) = live.routes.find(&request) else { return false };
            let matched = Matched { path: &asked, length: found.matched, params: &found.params };
            let transform = &self.lane.transform;
            *found.value == self.index
                && forwarded_path(&transform.strip_prefix, transform.rewrite.as_ref(), matched) == expected
        })
    }

    /// The operation by itself: what its path item, its document and its route say of it is said in it.
    fn described(
        &self,
        live: &Live,
        document: &Value,
        item: &Value,
        operation: &Map<String, Value>,
        client: &str,
    ) -> Map<String, Value> {
        let mut value = operation.clone();
        let key = |parameter: &Value| (parameter["name"].clone(), parameter["in"].clone());
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let own = operation.get("parameters").map(list).unwrap_or_default();
        let mut parameters: Vec<_> = own.iter().map(|one| resolved(document, one).into_owned()).collect();
        for shared in list(&item["parameters"]) {
            let shared = resolved(document, &shared).into_owned();
            if parameters.iter().all(|own| key(own) != key(&shared)) {
                parameters.push(shared);
            }
        }
        for name in names(client) {
            let path = json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
            if parameters.iter().all(|own| key(own) != key(&path)) {
                parameters.push(path);
            }
        }
        if !parameters.is_empty() {
            value.insert("parameters".into(), parameters.into());
        }
        value.insert("tags".into(), json!([&*live.clusters[self.lane.cluster].name]));
        value.insert("security".into(), security::asked(self.lane, live, document, operation).into());
        value.remove("servers");
        if let Some(host) = self.pattern.host.as_ref().map(HostPattern::as_str).filter(|host| !host.starts_with('*')) {
            value.insert("servers".into(), json!([{ "url": format!("//{host}/") }]));
        }
        value
    }
}
