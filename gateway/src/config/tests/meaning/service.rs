//! `[services.NAME]`: the order of several, what is inherited from `[defaults]`, and `max_in_flight`.
use http::HeaderValue;
use serde_json::json;

use super::{SERVICE, seconds, sound};
use crate::config::{HostPolicy, Question, UpstreamTimeouts};

#[test]
fn services_keep_the_files_order() {
    let service = |name: &str| format!("[services.{name}]\nupstreams = \"http://{name}\"\nroutes = \"/{name}\"\n");
    let config = sound(&["z", "a", "m"].map(service).concat());
    let names: Vec<_> = config.services.iter().map(|service| &*service.name).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn inheritance_goes_key_by_key() {
    let config = sound(
        r#"
[server.limits]
body = "1MiB"
[defaults]
timeouts = { connect = "1s", request = "10s" }
health = { interval = "9s" }
host = "upstream"
limits.body = "2MiB"
[services.a]
upstreams = "http://a"
health = "/h"
timeouts.request = "20s"
routes = ["/a", { match = "/a/slow", timeouts.request = "60s", limits.body = "3MiB" }]
[services.b]
upstreams = "http://b"
host = "b.internal"
routes = "/b"
"#,
    );
    let [a, b] = &config.services[..] else { panic!("two services") };
    let timeouts = |connect, request| UpstreamTimeouts {
        connect: seconds(connect),
        request: seconds(request),
        ..UpstreamTimeouts::default()
    };
    assert_eq!(a.routes[0].timeouts, timeouts(1, 20));
    assert_eq!(a.routes[1].timeouts, timeouts(1, 60));
    assert_eq!(b.routes[0].timeouts, timeouts(1, 10));
    assert_eq!((a.routes[0].max_body, a.routes[1].max_body), (2 << 20, 3 << 20));
    let asked = Question::Path("/h".into());
    assert_eq!(a.health.as_ref().map(|h| (&h.question, h.interval)), Some((&asked, seconds(9))));
    assert_eq!(b.health, None, "no path is known for it");
    assert_eq!(a.host, HostPolicy::Upstream);
    assert_eq!(b.host, HostPolicy::Name(HeaderValue::from_static("b.internal")));
}

#[test]
fn without_any_layer_the_servers_body_limit_holds() {
    let config = sound("server.limits.body = 5\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"");
    assert_eq!(config.services[0].routes[0].max_body, 5);
}

#[test]
fn an_inherited_probe_can_be_turned_off() {
    let config =
        sound("defaults.health = \"/h\"\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\nhealth = false");
    assert_eq!(config.services[0].health, None);
}

#[test]
fn a_limit_of_requests_is_a_number_or_found_out() {
    for (written, expected) in [
        ("7", json!(7)),
        ("\"adaptive\"", json!({ "adaptive": { "min": 5, "max": 1000 } })),
        ("{ adaptive = {} }", json!({ "adaptive": { "min": 5, "max": 1000 } })),
        ("{ adaptive.min = 2000 }", json!({ "adaptive": { "min": 2000, "max": 2000 } })),
    ] {
        let shown = sound(&format!("{SERVICE}max_in_flight = {written}\n")).redacted();
        assert_eq!(shown["services"]["user"]["max_in_flight"], expected, "{written}");
    }
}
