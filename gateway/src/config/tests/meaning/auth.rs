//! `auth`, `scopes` and `[[api_key]]`.
use serde_json::json;

use super::{EVERY_KEY, SERVICE, sound};
use crate::config::{AuthMode, KeyHash};

#[test]
fn who_must_say_who_it_is() {
    let file = |head: &str| {
        let text = format!(
            "{head}\n[services.a]\nupstreams = \"http://a\"\nroutes = [\"/a\", {{ match = \"/b\", auth = \"none\" }}, {{ match = \"/c\", scopes = [] }}]",
        );
        let config = sound(&text);
        let routes = config.services[0].routes.iter();
        routes.map(|route| format!("{} {}", route.auth.name(), route.scopes.join(","))).collect::<Vec<_>>()
    };
    let jwt = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\n";
    assert_eq!(file(""), ["none ", "none ", "none "]);
    assert_eq!(file(jwt), ["required ", "none ", "required "]);
    assert_eq!(file(&format!("{jwt}[defaults]\nauth = \"optional\"")), ["optional ", "none ", "optional "]);
    assert_eq!(file(&format!("{jwt}[defaults]\nscopes = [\"x\", \"y\"]")), ["required x,y", "none ", "required "]);
}

/// Who has keys to check asks for them, unless a route says otherwise.
#[test]
fn a_key_in_the_file_makes_every_route_ask_for_one() {
    let hash = "0123456789abcdef".repeat(4);
    let text = format!("[[api_key]]\nquery = \"a\"\nkeys = {{ name = \"a\", sha256 = \"{hash}\" }}\n{SERVICE}");
    assert_eq!(sound(&text).services[0].routes[0].auth, AuthMode::Required);
}

#[test]
fn api_keys_are_shown_without_their_hashes() {
    let config = sound(EVERY_KEY);
    let shown = config.redacted();
    let [by_header, by_query] = &shown["api_key"].as_array().unwrap()[..] else { panic!("{shown}") };
    let key = json!({ "name": "ci", "sha256": "***", "scopes": ["a", "b"] });
    let claims = json!({ "name": "x-api-client", "scope": "x-api-scope" });
    assert_eq!(*by_header, json!({ "header": "x-api-key", "keys": [key], "claims": claims }));
    let key = json!({ "name": "cd", "sha256": "***", "scopes": [] });
    assert_eq!(*by_query, json!({ "query": "api_key", "keys": [key], "claims": {} }));
    assert!(!format!("{:?}", config.api_keys).contains("ba7816bf"));
    assert_eq!(config.api_keys[0].keys[0].sha256, KeyHash::of(b"abc"));
}
