//! The schema and the reader say the same.
use std::collections::BTreeSet;

use regex_automata::meta::Regex;
use serde_json::{Value, json};

use super::{EVERY_KEY, SERVICE, parse, sound};
use crate::config::schema;

/// Whether `value` is valid: as much of JSON Schema as the schema uses, and a panic on all else.
fn is_valid(schema: &Value, value: &Value, root: &Value) -> bool {
    let rules = schema.as_object().expect("a schema is an object");
    rules.iter().all(|(rule, want)| match rule.as_str() {
        "$schema" | "title" | "description" | "default" | "definitions" => true,
        "$ref" => {
            let pointer = want.as_str().and_then(|text| text.strip_prefix('#'));
            let target = pointer.and_then(|pointer| root.pointer(pointer));
            is_valid(target.expect("a reference has a target"), value, root)
        }
        "allOf" => want.as_array().unwrap().iter().all(|one| is_valid(one, value, root)),
        "anyOf" => want.as_array().unwrap().iter().any(|one| is_valid(one, value, root)),
        "const" => want == value,
        "type" => match want.as_str().unwrap() {
            "string" => value.is_string(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            other => panic!("unknown type {other}"),
        },
        "minimum" => value.as_i64().is_none_or(|number| number >= want.as_i64().unwrap()),
        "pattern" => {
            let regex = Regex::new(want.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| regex.is_match(text))
        }
        "items" => value.as_array().is_none_or(|l| l.iter().all(|one| is_valid(want, one, root))),
        "required" => {
            let mut keys = want.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
            value.as_object().is_none_or(|object| keys.all(|key| object.contains_key(key)))
        }
        "properties" => value
            .as_object()
            .is_none_or(|object| object.iter().all(|(key, one)| want.get(key).is_none_or(|s| is_valid(s, one, root)))),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = rules.get("properties");
            let is_known = |key: &str| known.is_some_and(|known| known.get(key).is_some());
            object.iter().filter(|(key, _)| !is_known(key)).all(|(_, one)| match want {
                Value::Bool(allowed) => *allowed,
                schema => is_valid(schema, one, root),
            })
        }),
        other => panic!("the schema uses {other}, which this test does not know"),
    })
}

fn schema_takes(text: &str) -> bool {
    let value: Value = toml::from_str(text).expect("it is TOML");
    let schema = schema();
    is_valid(&schema, &value, &schema)
}

/// Every key that the schema knows, with the keys that lead to it; `*` for an operator's own name.
fn schema_keys(schema: &Value, root: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(target) = schema["$ref"].as_str().and_then(|text| text.strip_prefix('#')) {
        schema_keys(root.pointer(target).unwrap(), root, path, found);
    }
    for list in ["allOf", "anyOf"] {
        for one in schema[list].as_array().into_iter().flatten() {
            schema_keys(one, root, path, found);
        }
    }
    if schema["items"].is_object() {
        schema_keys(&schema["items"], root, path, found);
    }
    for (key, one) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        schema_keys(one, root, &path, found);
        found.insert(path);
    }
    if schema["additionalProperties"].is_object() {
        schema_keys(&schema["additionalProperties"], root, &format!("{path}.*"), found);
    }
}

/// The same of a file.
fn file_keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for one in value.as_array().into_iter().flatten() {
        file_keys(one, path, found);
    }
    for (key, one) in value.as_object().into_iter().flatten() {
        let parent = path.rsplit('.').next().unwrap_or_default();
        let is_name = !path.starts_with(".api_key")
            && matches!(parent, "services" | "set" | "add" | "query" | "claims")
            || path.ends_with("routes.headers");
        let path = if is_name { format!("{path}.*") } else { format!("{path}.{key}") };
        file_keys(one, &path, found);
        if !is_name {
            found.insert(path);
        }
    }
}

/// Keys that cannot stand beside others of the file that has every key.
const INSTEAD: &str = r#"
[defaults]
load_balance = { hash = "ip" }
forward_auth = { url = "http://a/b", request_headers = [] }
[services.task]
upstreams = "http://task"
load_balance = { sticky = "cookie:node" }
forward_auth = { service = "task", path = "/verify", timeout = "1s" }
routes = [
  { match = "/a", forward_auth = { service = "task", path = "/verify" } },
  { match = "/b", forward_auth = { url = "http://a/b", headers = [] } },
]
"#;

#[test]
fn the_schema_has_exactly_the_keys_that_are_read() {
    let (mut described, mut written) = (BTreeSet::new(), BTreeSet::new());
    schema_keys(&schema(), &schema(), "", &mut described);
    for text in [EVERY_KEY, INSTEAD] {
        sound(text);
        file_keys(&toml::from_str(text).unwrap(), "", &mut written);
    }
    assert_eq!(described, written);
}

#[test]
fn each_key_is_described() {
    fn check(schema: &Value, path: &str) {
        for (key, one) in schema["properties"].as_object().into_iter().flatten() {
            let description = one["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.') && description.len() > 10, "{path}.{key}: {one}");
        }
    }
    let schema = schema();
    check(&schema, "");
    for (name, one) in schema["definitions"].as_object().unwrap() {
        check(one, name);
    }
}

#[test]
fn the_described_defaults_are_the_real_ones() {
    let schema = schema();
    let rules = "cache = {}\nhedge = {}\nrate_limit = { requests = 1, per = \"1s\" }\ncors.origins = \"*\"";
    let limit = "rate_limit = { requests = 1, per = \"1s\" }\n";
    let config = sound(&format!("{limit}{SERVICE}health = \"/health\"\n{rules}"));
    let shown = config.redacted();
    let user = &shown["services"]["user"];
    for (definition, real) in [
        ("ClientTimeouts", &shown["server"]["timeouts"]),
        ("Limits", &shown["server"]["limits"]),
        ("Admin", &shown["admin"]),
        ("Service", user),
        ("Health", &user["health"]),
        ("CircuitBreaker", &user["circuit_breaker"]),
        ("Upstream", &user["upstreams"][0]),
        ("Timeouts", &user["routes"][0]["timeouts"]),
        ("Retry", &user["routes"][0]["retry"]),
        ("RateLimit", &user["routes"][0]["rate_limit"]),
        ("Hedge", &user["routes"][0]["hedge"]),
        ("FileLimit", &shown["rate_limit"]),
        ("Route", &user["routes"][0]),
        ("Server", &shown["server"]),
        ("Cors", &user["routes"][0]["cors"]),
        ("CacheStore", &shown["cache"]),
        ("Cache", &user["routes"][0]["cache"]),
    ] {
        let properties = schema["definitions"][definition]["properties"].as_object().unwrap();
        for (key, property) in properties {
            let (Some(default), real) = (property.get("default"), &real[key]) else {
                continue;
            };
            // Two defaults are shown as what they stand for: a list of one, and the number of cores.
            if (definition, key.as_str()) == ("Server", "workers") {
                assert_eq!(*default, json!(0));
            } else {
                assert!(real == default || *real == json!([default]), "{definition}.{key}: {real}");
            }
        }
    }
}

#[test]
fn what_is_valid_for_one_is_valid_for_the_other() {
    let service = |text: &str| format!("{SERVICE}{text}\n");
    for text in [
        EVERY_KEY.to_owned(),
        SERVICE.to_owned(),
        service("health = \"/h\""),
        service("timeouts.connect = \"${T:-5s}\""),
        service("limits.body = 0"),
        service("rate_limit = false"),
        service("rate_limit = { requests = 5, per = \"1s\" }"),
        String::from("rate_limit.store = \"redis://a\"\n") + SERVICE,
        String::from("rate_limit = { requests = 5, per = \"1s\", store = \"memory\" }\n") + SERVICE,
    ] {
        assert!(parse(&text).is_ok() && schema_takes(&text), "{text}");
    }
    for text in [
        String::new(),
        String::from("[services.a]\nroutes = []"),
        String::from("[services.a]\nupstreams = [{ weight = 1 }]\nroutes = \"/a\""),
        String::from("[services.a]\nupstreams = \"http://a\"\nroutes = [{ host = \"a\" }]"),
        service("health = true"),
        service("rate_limit = true"),
        service("rate_limit = { requests = 5 }"),
        service("rate_limit = { requests = 5, per = \"1s\", store = \"memory\" }"),
        String::from("rate_limit = false\n") + SERVICE,
        String::from("rate_limit.store = false\n") + SERVICE,
        String::from("rate_limit.store.timeout = \"1s\"\n") + SERVICE,
        service("helth = \"/h\""),
        service("critical = \"yes\""),
        service("timeouts.connect = 5"),
        service("timeouts.connect = \"5 s\""),
        service("limits.body = \"5\""),
        service("limits.body = -5"),
        service("request_headers.set.A = 5"),
        service("[server]\nworkers = 1.5"),
        service("[server]\nlisten = [8000]"),
        service("[defaults]\nhealth = false"),
    ] {
        assert!(parse(&text).is_err() && !schema_takes(&text), "{text}");
    }
}
