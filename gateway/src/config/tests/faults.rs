//! Each fault where it stands: `line:column code`, in characters from 1. Here those of the file as a whole; those of a
//! section, and of a key, are in the module of its name, as in `raw`.
mod api_key;
mod auth;
mod cache;
mod cors;
mod forward_auth;
mod headers;
mod jwt;
mod load_balance;
mod rate_limit;
mod resilience;
mod route;
mod server;
mod service;
mod tls;
mod traffic;
mod upstream;
mod validation;

use super::{EVERY_KEY, SERVICE, faulty, sound};

#[test]
fn all_faults_at_once() {
    check(
        include_str!("ten_faults.toml"),
        &[
            "2:10 bad_address",
            "3:1 unknown_key",
            "4:23 bad_duration",
            "7:19 bad_header_value",
            "9:11 bad_service_name",
            "10:14 unsupported_scheme",
            "13:13 variable_missing",
            "16:34 duplicate_upstream",
            "18:3 unreachable_route",
            "19:34 conflict",
            "20:42 out_of_range",
        ],
    );
}

#[test]
fn the_keys() {
    for (text, expected) in [
        ("[sever]", "1:2 unknown_key"),
        ("[server]\nlitsen = \"0.0.0.0:80\"", "2:1 unknown_key"),
        ("[server.tsl]\nlisten = \"0.0.0.0:80\"", "1:9 unknown_key"),
        ("[defaults]\nhealth = false", "2:10 wrong_type"),
        ("[defaults]\ncritical = true", "2:1 unknown_key"),
        ("[defaults.timeouts]\nheader = \"1s\"", "2:1 unknown_key"),
        ("[admin]\n'lis ten' = 1", "2:1 unknown_key"),
        ("defaults.limits = { body = 1, headers = 1 }", "1:31 unknown_key"),
    ] {
        before_service(text, &[expected]);
    }
}

#[test]
fn the_environment() {
    for (text, expected) in [
        ("[admin]\nlisten = \"127.0.0.1:${NONE}\"", "2:21 variable_missing"),
        ("[admin]\nlisten = \"é\\n${NONE}\"", "2:10 variable_missing"),
        ("[admin]\nlisten = \"127.0.0.1:${PORT\"", "2:21 bad_variable"),
        ("[admin]\nlisten = \"127.0.0.1:${PORT:81}\"", "2:21 bad_variable"),
        ("[admin]\nlisten = \"${PASSWORD}\"", "2:10 bad_address"),
    ] {
        before_service(text, &[expected]);
    }
    let two = "[server]\nlisten = [\"${A}\", \"${B}${C}\"]";
    let missing = ["2:12 variable_missing", "2:20 variable_missing", "2:24 variable_missing"];
    before_service(two, &missing);
}

/// A value whose variable is not set is one fault, whatever the value is for.
#[test]
fn a_variable_that_is_not_set_is_one_fault() {
    let mut rest = 0;
    while let Some(begin) = EVERY_KEY[rest..].find('"').map(|at| rest + at) {
        let end = begin + 2 + EVERY_KEY[begin + 1..].find('"').unwrap();
        let text = format!("{}\"${{NOPE}}\"{}", &EVERY_KEY[..begin], &EVERY_KEY[end..]);
        let faults = faulty(&text);
        let codes: Vec<&str> = faults.list().iter().map(|fault| fault.code).collect();
        let line = EVERY_KEY[..begin].lines().last().unwrap_or_default();
        assert_eq!(codes, ["variable_missing"], "after {line}\n{faults}");
        rest = end;
    }
    for (text, expected) in [
        ("[[jwt]]\nissuer = \"a\"\nsecret = \"${NOPE}\"", "3:11 variable_missing"),
        ("[[jwt]]\nissuer = \"a\"\njwks = { url = \"${NOPE}\" }", "3:17 variable_missing"),
        (
            "[[api_key]]\nheader = \"${NOPE}\"\nkeys = { name = \"a\", sha256 = \"${KEY_HASH}\" }",
            "2:11 variable_missing",
        ),
        ("defaults.forward_auth = { url = \"${NOPE}\" }", "1:34 variable_missing"),
        ("defaults.forward_auth = { service = \"user\", path = \"${NOPE}\" }", "1:53 variable_missing"),
        ("[admin]\nlisten = \"0.0.0.0:8000\"\n[server]\nlisten = \"${NOPE}\"", "4:11 variable_missing"),
    ] {
        before_service(text, &[expected]);
    }
    in_service("health = { path = \"${NOPE}\" }", &["4:20 variable_missing"]);
    let route = "match = \"/users/{id}\"\nhost = \"${NOPE}\"";
    in_route(&format!("[[services.user.routes]]\n{route}"), &["6:9 variable_missing"]);
}

#[test]
fn positions_count_characters() {
    before_service("server = { \"é日本\" = 1, workers = true }", &["1:12 unknown_key", "1:33 wrong_type"]);
    before_service("# é\r\n[server]\r\n\tworkers = true\r\n", &["3:12 wrong_type"]);
    before_service("\u{feff}sever = 1", &["1:1 unknown_key"]);
    before_service("[server]\nlisten = '''\n:80'''", &["2:10 bad_address"]);
}

#[test]
fn text_that_is_no_toml() {
    for (text, expected) in [
        ("[server", "1:8 syntax"),
        ("[server]\nworkers 5", "2:9 syntax"),
        ("[server]\nworkers = ", "2:11 syntax"),
        ("[server]\nlisten = \"0.0.0.0:80", "2:21 syntax"),
        ("[server]\nlisten = 0.0.0.0:80", "2:13 syntax"),
        ("[server]\nworkers = 1\nworkers = 2", "3:1 syntax"),
        ("[server]\n[server]", "2:2 syntax"),
    ] {
        before_service(text, &[expected]);
    }
}

#[test]
fn syntax_errors_do_not_hide_each_other_nor_what_comes_before() {
    check(
        "[sever]\nworkers = yes\n[services.a]\nroutes = [\"/a\"\nupstream = \"http://a\"\nx = = 1",
        &["1:2 unknown_key", "2:11 syntax", "5:1 syntax"],
    );
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let faults = faulty(text);
    let found: Vec<String> = faults.list().iter().map(|f| format!("{}:{} {}", f.line, f.column, f.code)).collect();
    assert_eq!(found, expected, "\n{text}\n{faults}");
}

/// The text before a sound service, so that its lines count from 1.
#[track_caller]
fn before_service(text: &str, expected: &[&str]) {
    check(&format!("{text}{SERVICE}"), expected);
}

/// `text` as what the service has from line 4 on, after its upstreams and routes.
#[track_caller]
fn in_service(text: &str, expected: &[&str]) {
    let head = "[services.user]\nupstreams = [\"http://127.0.0.1:8001\"]\nroutes = [\"/users\"]\n";
    check(&format!("{head}{text}\n"), expected);
}

/// `text` as what a route has from line 4 on, after its match.
#[track_caller]
fn in_route(text: &str, expected: &[&str]) {
    let head = "upstreams = [\"http://127.0.0.1:8001\"]\n[[services.user.routes]]\nmatch = \"/users/{id}\"\n";
    check(&format!("services.user.{head}{text}\n"), expected);
}
