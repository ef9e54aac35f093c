//! Nothing that looks like a secret leaves, whatever is wrong with the file.
use super::{EVERY_KEY, SERVICE, faulty, sound};
use crate::config::Style;

/// Every way out of a faulty file, in one text.
fn all_output(text: &str) -> String {
    let faults = faulty(text);
    format!("{faults}{}{}{:?}", faults.render(Style::Color), faults.to_json(), faults)
}

#[test]
fn secrets_of_a_faulty_file_are_masked() {
    for text in [
        "password = \"hunter2\"",
        "password = hunter2",
        "password: hunter2",
        "[server]\nworkers = yes # api_key = hunter2",
        "[services.a]\nupstreams = [\"http://joe:hunter2@a\"]\nroutes = \"/a\"",
        "[services.a]\nupstreams = [\"joe:hunter2@a\"]\nroutes = \"/a\"",
        "[services.a]\nupstreams = [\"https://joe:hunter2@a",
        "[services.a]\nrequest_headers.set = { Authorization = \"hunter2\\u0000\" }",
        "[services.a]\nrequest_headers.set.Authorization = \"hunter2",
        "[services.a]\nroutes = [{ match = \"/a\", headers = { X-Api-Key = \"~hunter2(\" } }]",
        "[services.a]\nhealth = \"health?token=hunter2\"",
        "[[api_key]]\nquery = \"a\"\nkeys = { name = \"a\", sha256 = \"hunter2\" }",
        "[[api_key]]\nquery = \"a\"\n[[api_key.keys]]\nname = \"a\"\nsha256 = \"hunter2\"",
        "[[api_key]]\nquery = \"a\"\nkeys = [\"hunter2\"]",
        "[[jwt]]\nissuer = 5\nsecret = \"hunter2\"",
        "[[jwt]]\nissuer = 5\nsecret = hunter2",
        "[[jwt]]\nsecret = [\"hunter2\"]",
        "rate_limit.store = \"redis://joe:hunter2@a/b\"",
        "rate_limit.store = \"redis://joe:hun@hunter2@a:x\"",
        "rate_limit.store = \"redis://hunter2@a\"",
        "rate_limit.store = \"redis:/:hunter2@a\"",
        "rate_limit.store = { url = \"rediss://:hunter2@a:0\" }",
        "rate_limit = { requests = 1, per = \"1m\", key = \"hunter2\" }",
        "rate_limit = { requests = 1, per = \"1m\", key = \"header:hun ter2/hunter2\" }",
    ] {
        let shown = all_output(text);
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn what_the_environment_holds_is_never_shown() {
    let value = "${PASSWORD}";
    for text in [
        format!("[server]\nlisten = \"{value}\""),
        format!("[server]\nlisten = \"127.0.0.1:{value}\""),
        format!("[server]\ntrusted_proxies = \"{value}\""),
        format!("[server]\ndrain_timeout = \"{value}\"\nlimits.body = \"{value}\""),
        format!("[services.a]\nupstreams = \"{value}\"\nhealth = \"{value}\"\nhost = \" {value}\""),
        format!("[services.a]\nroutes = [\"{value}\", {{ match = \"/a\", host = \"{value}!\" }}]"),
        format!("[services.a]\nroutes = [\"/{value}\", \"/{value}\"]"),
        format!("[services.a]\nroutes = {{ match = \"/a\", rewrite = \"{value}\", strip_prefix = \"{value}\" }}"),
        format!("[services.a]\nroutes = {{ match = \"/a\", headers = {{ A = \"~({value}\" }} }}"),
        format!("[services.a]\nrequest_headers = {{ set = {{ A = \"{value}\\u0000\" }}, remove = \"{value} \" }}"),
    ] {
        let shown = all_output(&text);
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
        assert!(shown.contains("${PASSWORD}"), "{text}\n{shown}");
    }
}

#[test]
fn the_running_configuration_is_redacted() {
    let config = sound(&format!(
        "{SERVICE}request_headers.set = {{ Authorization = \"Bearer a1b2\", X-Region = \"${{PASSWORD}}\" }}
[[services.b.routes]]
match = \"/${{PASSWORD}}\"
headers = {{ X-Api-Key = \"a1b2\", X-Tenant = \"${{PASSWORD}}\" }}
rewrite = \"/${{PASSWORD}}\"
[services.b]
upstreams = \"http://b\"
health = \"/health?token=a1b2\"
"
    ));
    let shown = config.redacted().to_string();
    assert!(!shown.contains("a1b2") && !shown.contains("hunter2"), "{shown}");
    let jwt = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\n[[jwt]]\nissuer = \"b\"\njwks.url = \"http://a/${PASSWORD}\"";
    let config_with_keys = sound(&format!("{SERVICE}{jwt}"));
    for shown in [config_with_keys.redacted().to_string(), format!("{:?}", config_with_keys.jwt[0])] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let store = sound(&format!("rate_limit.store = \"redis://hunter2-user:${{PASSWORD}}@a\"\n{SERVICE}"));
    for shown in [store.redacted().to_string(), format!("{:?}", store.limit_store)] {
        assert!(!shown.replace("hunter2-user", "").contains("hunter2"), "{shown}");
    }
    assert_eq!(store.redacted()["rate_limit"]["store"]["url"], "redis://***@a:6379/0");
    let debug = format!("{:?}", config.services[0].routes[0].request_headers);
    assert!(!debug.contains("a1b2") && !debug.contains("hunter2"), "{debug}");
}

#[test]
fn a_file_without_secrets_is_shown_as_it_is() {
    let mask = super::super::diagnose::mask;
    let (before, rest) = EVERY_KEY.split_once("[[api_key]]").unwrap();
    let (keys, after) = rest.split_once("[defaults]").unwrap();
    assert_eq!(mask(before), before);
    assert_eq!(mask(after), after);
    // A key may stand where its hash should: nothing of these blocks is shown.
    assert!(!mask(&format!("[[api_key]]{keys}")).contains("ba7816bf"));
}
