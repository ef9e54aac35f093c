//! `circuit_breaker` and `retry`.
use serde_json::json;

use super::{seconds, sound};

#[test]
fn a_circuit_breaker_is_on_unless_it_is_turned_off() {
    let breaker = |defaults: &str, service: &str| {
        let config = sound(&format!("{defaults}\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\n{service}"));
        config.services[0].circuit_breaker.map(|breaker| (breaker.failure_threshold, breaker.recovery_timeout))
    };
    let outer = "defaults.circuit_breaker = { failure_threshold = 9 }";
    let off = "defaults.circuit_breaker = false";
    assert_eq!(breaker("", ""), Some((5, seconds(60))));
    assert_eq!(breaker(outer, "circuit_breaker.recovery_timeout = \"5s\""), Some((9, seconds(5))));
    assert_eq!(breaker(outer, "circuit_breaker = false"), None);
    assert_eq!(breaker(off, ""), None);
    assert_eq!(breaker(off, "circuit_breaker.recovery_timeout = \"5s\""), Some((5, seconds(5))));
}

#[test]
fn retries_are_inherited_key_by_key() {
    let config = sound(
        r#"
defaults.retry = { budget = 0.5, on = ["connect"] }
[services.a]
upstreams = "http://a"
retry.attempts = 3
routes = ["/a", { match = "/b", retry = { on = ["stale", "503"] } }, { match = "/c", retry = false }]
"#,
    );
    let shown = config.redacted();
    let retry = |route: usize| shown["services"]["a"]["routes"][route]["retry"].clone();
    assert_eq!(retry(0), json!({ "attempts": 3, "budget": 0.5, "on": ["connect"] }));
    assert_eq!(retry(1), json!({ "attempts": 3, "budget": 0.5, "on": ["stale", "503"] }));
    assert_eq!(retry(2), json!(false));
}
