//! `[services.NAME]`: its name, what it lacks, its Host and its time limits.
use super::{SERVICE, check, in_service};

#[test]
fn the_services() {
    check("", &["1:1 no_service"]);
    check("[server]\nworkers = 1", &["1:1 no_service"]);
    check("[services]", &["1:1 no_service"]);
    check("services = 5", &["1:12 wrong_type"]);
    check("[services.a]", &["1:1 no_routes", "1:1 no_upstreams"]);
    check("[services.a]\nupstreams = []\nroutes = []", &["2:13 no_upstreams", "3:10 no_routes"]);
    check("[services]\na = 1", &["2:5 wrong_type"]);
    for (text, expected) in [("critical = \"yes\"", "4:12 wrong_type"), ("host = \"a b\"", "4:8 bad_host")] {
        in_service(text, &[expected]);
    }
    check(&format!("{SERVICE}[services.User]\nupstreams = \"http://a\"\nroutes = \"/a\""), &["5:11 bad_service_name"]);
}

#[test]
fn the_time_limits() {
    for (text, expected) in [
        ("timeouts.connect = \"0ms\"", "4:20 out_of_range"),
        ("timeouts.tunnel_idle = \"25h\"", "4:24 out_of_range"),
        ("timeouts.total = \"0s\"", "4:18 out_of_range"),
        ("timeouts.total = true", "4:18 wrong_type"),
        ("timeouts.body_idle = 5", "4:22 wrong_type"),
    ] {
        in_service(text, &[expected]);
    }
}
