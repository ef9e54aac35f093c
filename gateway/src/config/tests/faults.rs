//! Each fault where it stands: `line:column code`, in characters from 1.
use super::{SERVICE, faulty};

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

#[track_caller]
fn in_upstreams(text: &str, expected: &[&str]) {
    check(&format!("[services.user]\nupstreams = {text}\nroutes = [\"/users\"]\n"), expected);
}

#[test]
fn the_server() {
    for (text, expected) in [
        ("[server]\nlisten = \"localhost:8000\"", "2:10 bad_address"),
        ("[server]\nlisten = [\"0.0.0.0:80\", \":81\"]", "2:25 bad_address"),
        ("[server]\nlisten = []", "2:10 bad_address"),
        ("[server]\nlisten = 8000", "2:10 wrong_type"),
        ("[server]\nlisten = [\"0.0.0.0:80\", 80]", "2:25 wrong_type"),
        ("[server]\nlisten = [\"1.2.3.4:80\", \"1.2.3.4:80\"]", "2:25 duplicate_address"),
        ("[server]\nlisten = [\"1.2.3.4:80\", \"0.0.0.0:80\"]", "2:25 duplicate_address"),
        ("[server]\nlisten = \"0.0.0.0:8900\"", "2:10 duplicate_address"),
        ("[admin]\nlisten = \"127.0.0.1:8000\"", "2:10 duplicate_address"),
        ("[admin]\nlisten = [\"127.0.0.1:81\"]", "2:10 wrong_type"),
        ("[server]\nworkers = -1", "2:11 out_of_range"),
        ("[server]\nworkers = 99999999999999999999", "2:11 out_of_range"),
        ("[server]\nworkers = 2000", "2:11 out_of_range"),
        ("[server]\nworkers = 1.5", "2:11 wrong_type"),
        ("[server]\nmax_connections = 0", "2:19 out_of_range"),
        ("[server]\ntrusted_proxies = [\"10.0.0.0/33\"]", "2:20 bad_cidr"),
        ("[server]\ntrusted_proxies = \"10.1.0.0/8\"", "2:19 bad_cidr"),
        ("[server]\ndrain_timeout = \"5 s\"", "2:17 bad_duration"),
        ("[server]\ndrain_timeout = 5", "2:17 wrong_type"),
        ("[server]\ndrain_timeout = \"25h\"", "2:17 out_of_range"),
        ("[server]\ntimeouts.header = \"0s\"", "2:19 out_of_range"),
        ("[server]\ntimeouts = \"5s\"", "2:12 wrong_type"),
        ("[server]\nlimits.header = \"2MiB\"", "2:17 out_of_range"),
        ("[server]\nlimits.header = \"16kb\"", "2:17 bad_size"),
        ("[server]\nlimits.body = -5", "2:15 out_of_range"),
        ("[server]\nlimits = { header = \"4KiB\", uri = \"8KiB\" }", "2:35 conflict"),
        ("[server]\nlimits.headers = 0", "2:18 out_of_range"),
        ("server = 1", "1:10 wrong_type"),
    ] {
        before_service(text, &[expected]);
    }
}

#[test]
fn the_keys() {
    for (text, expected) in [
        ("[sever]", "1:2 unknown_key"),
        ("[[jwt]]\nissuer = \"a\"", "1:3 unknown_key"),
        ("[server]\nlitsen = \"0.0.0.0:80\"", "2:1 unknown_key"),
        ("[server.tls]\nlisten = \"0.0.0.0:80\"", "1:9 unknown_key"),
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
fn the_services() {
    check("", &["1:1 no_service"]);
    check("[server]\nworkers = 1", &["1:1 no_service"]);
    check("[services]", &["1:1 no_service"]);
    check("services = 5", &["1:12 wrong_type"]);
    check("[services.a]", &["1:1 no_routes", "1:1 no_upstreams"]);
    check("[services.a]\nupstreams = []\nroutes = []", &["2:13 no_upstreams", "3:10 no_routes"]);
    check("[services]\na = 1", &["2:5 wrong_type"]);
    for (text, expected) in [
        ("critical = \"yes\"", "4:12 wrong_type"),
        ("health = true", "4:10 wrong_type"),
        ("health = \"health\"", "4:10 bad_health_path"),
        ("health = \"/a b\"", "4:13 bad_health_path"),
        ("health = { interval = \"1s\" }", "4:10 missing_key"),
        ("health = { path = \"/\", timeout = \"0s\" }", "4:34 out_of_range"),
        ("health = { path = \"/\", healthy_after = 0 }", "4:40 out_of_range"),
        ("health = { paht = \"/\" , path = \"/\" }", "4:12 unknown_key"),
        ("timeouts.connect = \"0ms\"", "4:20 out_of_range"),
        ("host = \"a b\"", "4:8 bad_host"),
        ("load_balance = \"p2c\"", "4:1 unknown_key"),
        ("request_headers.set.Host = \"a\"", "4:21 reserved_header"),
        ("request_headers.add.Transfer-Encoding = \"a\"", "4:21 reserved_header"),
        ("response_headers.remove = [\"X-A\", \"connection\"]", "4:35 reserved_header"),
        ("request_headers.remove = \"X A\"", "4:26 bad_header_name"),
        ("request_headers.set = { 'X:' = \"a\" }", "4:25 bad_header_name"),
        ("request_headers.set.X-A = \"aé\"", "4:29 bad_header_value"),
        ("request_headers.set.X-A = \"a\\r\\nb\"", "4:27 bad_header_value"),
        ("request_headers.set.X-A = \"a \"", "4:27 bad_header_value"),
        ("request_headers.set.X-A = 5", "4:27 wrong_type"),
        ("request_headers.set = { X-A = \"1\", x-a = \"2\" }", "4:36 duplicate_header"),
        ("response_headers.remove = [\"X-A\", \"x-a\"]", "4:35 duplicate_header"),
    ] {
        in_service(text, &[expected]);
    }
    check(&format!("{SERVICE}[services.User]\nupstreams = \"http://a\"\nroutes = \"/a\""), &["5:11 bad_service_name"]);
}

#[test]
fn the_upstreams() {
    for (text, expected) in [
        ("[\"127.0.0.1:8001\"]", "2:14 bad_upstream"),
        ("[\"https://a\"]", "2:14 unsupported_scheme"),
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
fn the_routes() {
    for (text, expected) in [
        ("host = \"a:80\"", "4:10 bad_host"),
        ("headers.'X Y' = \"1\"", "4:9 bad_condition"),
        ("headers.X-A = \"~(\"", "4:17 bad_condition"),
        ("headers.X-A = true", "4:15 wrong_type"),
        ("query.a = 1", "4:11 wrong_type"),
        ("rewrite = \"/{no}\"", "4:13 bad_rewrite"),
        ("strip_prefix = \"api\"", "4:16 bad_prefix"),
        ("strip_prefix = \"/api/\"", "4:16 bad_prefix"),
        ("strip_prefix = 5", "4:16 wrong_type"),
        ("strip_prefix = true\nrewrite = \"/a\"", "4:16 conflict"),
        ("limits.body = \"ten\"", "4:15 bad_size"),
        ("timeouts.requests = \"1s\"", "4:10 unknown_key"),
        ("auth = \"none\"", "4:1 unknown_key"),
        ("critical = true", "4:1 unknown_key"),
    ] {
        in_route(text, &[expected]);
    }
    let routes = |list: &str| format!("[services.a]\nupstreams = \"http://a\"\nroutes = {list}");
    check(&routes("[\"users\"]"), &["3:12 bad_pattern"]);
    check(&routes("[\"/a/{id\"]"), &["3:15 bad_pattern"]);
    check(&routes("[{ host = \"a\" }]"), &["3:11 missing_key"]);
    check(&routes("[\"/a\", \"/a\"]"), &["3:17 unreachable_route"]);
}

#[test]
fn the_policies_for_other_origins() {
    for (text, expected) in [
        ("origins = []", "2:11 bad_origin"),
        ("origins = \"example.com\"", "2:11 bad_origin"),
        ("origins = [\"https://a\", \"https://a/\"]", "2:25 bad_origin"),
        ("origins = \"https://*\"", "2:11 bad_origin"),
        ("origins = \"https://a.${PASSWORD} \"", "2:11 bad_origin"),
        ("origins = [\"*\", \"https://a\"]", "2:12 conflict"),
        ("origins = 5", "2:11 wrong_type"),
        ("methods = [\"GET\"]", "1:1 missing_key"),
        ("origins = \"*\"\ncredentials = true", "2:11 conflict"),
        ("origins = \"null\"\nmethods = \"*\"\ncredentials = true", "3:11 conflict"),
        ("origins = \"null\"\nheaders = [\"*\"]\ncredentials = true", "3:12 conflict"),
        ("origins = \"null\"\nexpose_headers = [\"*\"]\ncredentials = true", "3:19 conflict"),
        ("origins = \"*\"\ncredentials = \"yes\"", "3:15 wrong_type"),
        ("origins = \"*\"\nmethods = []", "3:11 bad_method"),
        ("origins = \"*\"\nmethods = [\"GET\", \"P T\"]", "3:19 bad_method"),
        ("origins = \"*\"\nmethods = \"put\"", "3:11 bad_method"),
        ("origins = \"*\"\nmethods = \"TRACE\"", "3:11 bad_method"),
        ("origins = \"*\"\nheaders = [\"X A\"]", "3:12 bad_header_name"),
        ("origins = \"*\"\nexpose_headers = \"X:\"", "3:18 bad_header_name"),
        ("origins = \"*\"\nmax_age = \"25h\"", "3:11 out_of_range"),
        ("origins = \"*\"\nmax_age = \"1500ms\"", "3:11 out_of_range"),
        ("origins = \"*\"\nmax_age = 600", "3:11 wrong_type"),
        ("origins = \"*\"\norigin = \"*\"", "3:1 unknown_key"),
    ] {
        before_service(&format!("[cors]\n{text}"), &[expected]);
    }
    before_service("cors = false", &["1:8 wrong_type"]);
    before_service("[defaults]\ncors = true", &["2:8 wrong_type"]);
    in_service("cors = { methods = \"PUT\" }", &["4:8 missing_key"]);
    in_route("cors = { origins = \"a\" }", &["4:20 bad_origin"]);
    in_route(
        "cors = { origins = [\"a\", \"*\"], headers = \"a b\", credentials = true }",
        &["4:21 bad_origin", "4:26 conflict", "4:26 conflict", "4:42 bad_header_name"],
    );
}

#[test]
fn what_requests_must_look_like() {
    for (text, expected) in [
        ("content_types = []", "4:17 bad_content_type"),
        ("content_types = [\"text/*\", \"json\"]", "4:28 bad_content_type"),
        ("content_types = \"*/*\"", "4:17 bad_content_type"),
        ("content_types = true", "4:17 wrong_type"),
        ("required_headers = []", "4:20 bad_header_name"),
        ("required_headers = [\"X-A\", \"X A\"]", "4:28 bad_header_name"),
        ("required_headers = 1", "4:20 wrong_type"),
        ("schema = \"src/config/tests/none.json\"", "4:10 file_missing"),
        ("schema = \"src/config/tests\"", "4:10 file_unreadable"),
        ("schema = \"src/config/tests/every_key.toml\"", "4:10 bad_schema"),
        ("schema = { max_body = 1 }", "4:10 missing_key"),
        ("schema = false", "4:10 wrong_type"),
        ("content_types = \"text/*\"\nschema = \"src/config/tests/user.schema.json\"", "5:10 conflict"),
        ("schema = { file = \"src/config/tests/user.schema.json\", max_body = 0 }", "4:67 out_of_range"),
        ("schema = { file = \"src/config/tests/user.schema.json\", max_body = \"5MiB\" }", "4:67 out_of_range"),
    ] {
        in_route(text, &[expected]);
    }
    in_service("schema = \"src/config/tests/user.schema.json\"", &["4:1 unknown_key"]);
    before_service("[defaults]\ncontent_types = false", &["2:17 wrong_type"]);
}

#[test]
fn a_route_that_never_wins_points_at_the_one_that_does() {
    let faults = faulty(&format!("{SERVICE}[services.b]\nupstreams=\"http://b\"\nroutes=\"/users\""));
    let [fault] = faults.list() else { panic!("{faults}") };
    assert_eq!((fault.line, fault.column, fault.len), (7, 8, 8));
    let [winner] = &fault.related[..] else { panic!("{fault:?}") };
    assert_eq!((winner.line, winner.column, winner.len), (4, 11, 8));
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
