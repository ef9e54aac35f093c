//! What a caller has to show: the gateway's own rules, and what a service asks for beside them.
use serde_json::{Map, Value, json};

use crate::{
    config::KeyPlace,
    live::{Lane, Live},
};

/// Stands before the name of a scheme of the gateway's own in an operation; no component's name has it.
pub(super) const OWN: char = '#';

const BEARER: &str = "bearer";

/// The gateway's own schemes, by name.
pub(super) fn schemes(live: &Live) -> Map<String, Value> {
    let bearer = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    let bearer = live.issuers.as_ref().map(|_| (BEARER.to_owned(), bearer));
    let keys = places(live).into_iter().enumerate().map(|(index, place)| {
        let (place, name) = match &place {
            KeyPlace::Header(name) => ("header", name.as_str()),
            KeyPlace::Query(name) => ("query", &**name),
        };
        (key(index), json!({ "type": "apiKey", "in": place, "name": name }))
    });
    bearer.into_iter().chain(keys).collect()
}

fn places(live: &Live) -> Vec<KeyPlace> {
    live.keys.iter().flat_map(|keys| keys.places()).collect()
}

/// `api_key`, `api_key_2` …
fn key(index: usize) -> String {
    if index == 0 { "api_key".into() } else { format!("api_key_{}", index + 1) }
}

/// The requirements of an operation, any of which is enough.
pub(super) fn asked(lane: &Lane, live: &Live, document: &Value, operation: &Map<String, Value>) -> Vec<Value> {
    let own = operation.get("security").or_else(|| document.get("security"));
    let own: Vec<Map<String, Value>> = own
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|requirement| known(requirement, document))
        .collect();
    let auth = lane.permit.rules.as_ref().and_then(|rules| rules.auth.as_ref());
    let Some(auth) = auth else { return own.into_iter().map(Value::Object).collect() };
    let mut ways = Vec::new();
    let tokens = auth.tokens.iter().map(|_| BEARER.to_owned());
    let keys = auth.keys.iter().flat_map(|_| (0..places(live).len()).map(key));
    for name in tokens.chain(keys) {
        let gateways = (format!("{OWN}{name}"), json!(auth.scopes));
        let beside = own.iter().map(|requirement| beside(requirement, document));
        let none = own.is_empty().then(Map::new);
        for mut requirement in beside.chain(none) {
            requirement.insert(gateways.0.clone(), gateways.1.clone());
            let requirement = Value::Object(requirement);
            if !ways.contains(&requirement) {
                ways.push(requirement);
            }
        }
    }
    if auth.is_optional && auth.scopes.is_empty() {
        let without = if own.is_empty() { vec![Map::new()] } else { own };
        ways.extend(without.into_iter().map(Value::Object));
    }
    ways
}

/// The part of a requirement whose schemes the document has.
fn known(requirement: &Map<String, Value>, document: &Value) -> Map<String, Value> {
    let has = |name: &str| document["components"]["securitySchemes"].get(name).is_some();
    requirement.iter().filter(|(name, _)| has(name)).map(|(name, scopes)| (name.clone(), scopes.clone())).collect()
}

/// What a service asks for beside the credential that the gateway has checked: a field has room for one.
fn beside(requirement: &Map<String, Value>, document: &Value) -> Map<String, Value> {
    let is_other = |name: &str| document["components"]["securitySchemes"][name]["type"] == "apiKey";
    let others = requirement.iter().filter(|(name, _)| is_other(name));
    others.map(|(name, scopes)| (name.clone(), scopes.clone())).collect()
}
