//! `upstreams`, what they speak, and how they are probed.
use super::{check, in_service, sound};

#[test]
fn the_upstreams() {
    for (text, expected) in [
        ("[\"127.0.0.1:8001\"]", "2:14 bad_upstream"),
        ("[\"ftp://a\"]", "2:14 unsupported_scheme"),
        ("[\"https://a..b\"]", "2:14 bad_upstream"),
        ("[\"http://a/api\"]", "2:14 bad_upstream"),
        ("[\"http://joe:pw@a\"]", "2:14 bad_upstream"),
        ("[\"http://a:99999\"]", "2:14 bad_upstream"),
        ("[\"http://a\", \"http://A:80/\"]", "2:26 duplicate_upstream"),
        ("[{ url = \"http://a\", weight = 0 }]", "2:43 out_of_range"),
        ("[{ url = \"http://a\", weight = 1001 }]", "2:43 out_of_range"),
        ("[{ weight = 1 }]", "2:14 missing_key"),
        ("[1]", "2:14 wrong_type"),
    ] {
        in_upstreams(text, &[expected]);
    }
}

#[test]
fn what_upstreams_speak_fits_their_scheme() {
    let of = |protocol: &str, more: &str, upstreams: &str, expected: &[&str]| {
        let text = format!("upstreams = {upstreams}\nroutes = '/'\n");
        let service = if protocol.is_empty() { text.clone() } else { format!("protocol = '{protocol}'\n{text}") };
        let text = format!("{more}[services.user]\n{service}");
        if expected.is_empty() {
            sound(&text);
        } else {
            check(&text, expected);
        }
    };
    of("h2", "", "['https://a', 'http://b']", &["3:27 conflict"]);
    of("h2c", "", "['https://a', 'http://b']", &["3:14 conflict"]);
    of("http1", "", "['https://a', 'http://b']", &[]);
    of("", "defaults.protocol = 'h2c'\n", "['https://a']", &["3:14 conflict"]);
    of("h2", "defaults.protocol = 'h2c'\n", "['https://a']", &[]);
    of("", "defaults.protocol = 'h3'\n", "['https://a']", &["1:21 bad_protocol"]);
    of("", "defaults.health = { grpc = true }\n", "['http://a']", &["2:11 conflict"]);
    of("h2c", "defaults.health = { grpc = true }\n", "['http://a']", &[]);
    of("http1", "defaults.health = { grpc = true }\n", "['http://a']\nhealth = '/h'", &[]);
}

#[test]
fn what_they_speak_and_how_they_are_probed() {
    for (text, expected) in [
        ("protocol = \"http2\"", "4:12 bad_protocol"),
        ("protocol = true", "4:12 wrong_type"),
        ("health = true", "4:10 wrong_type"),
        ("health = \"health\"", "4:10 bad_health_path"),
        ("health = \"/a b\"", "4:13 bad_health_path"),
        ("health = { interval = \"1s\" }", "4:10 missing_key"),
        ("health = { path = \"/\", timeout = \"0s\" }", "4:34 out_of_range"),
        ("health = { path = \"/\", healthy_after = 0 }", "4:40 out_of_range"),
        ("health = { path = \"/\", grpc = true }", "4:31 conflict"),
        ("health = { grpc = \"a.B\" }", "4:10 conflict"),
        ("health = { grpc = 1 }", "4:19 wrong_type"),
        ("health = { grpc = false }", "4:10 missing_key"),
        ("health = { paht = \"/\" , path = \"/\" }", "4:12 unknown_key"),
    ] {
        in_service(text, &[expected]);
    }
}

#[track_caller]
fn in_upstreams(text: &str, expected: &[&str]) {
    check(&format!("[services.user]\nupstreams = {text}\nroutes = [\"/users\"]\n"), expected);
}
