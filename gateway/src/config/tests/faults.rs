//! Each fault where it stands: `line:column code`, in characters from 1.
use super::{EVERY_KEY, SERVICE, faulty};

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
        ("[dns]\nservers = \"ns.example.com\"", "2:11 bad_address"),
        ("[dns]\nservers = [\"10.0.0.2\", \"10.0.0.3:0\"]", "2:24 bad_address"),
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
        ("[server]\nproxy_protocol = true", "2:18 wrong_type"),
        ("[server]\nproxy_protocol = [\"10.1.0.0/16\", \"lb\"]", "2:34 bad_cidr"),
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
fn the_certificates() {
    let site = "{ cert = \"src/config/tests/site.pem\", key = \"src/config/tests/site.key\" }";
    let tls = |text: &str| format!("[server.tls]\n{text}");
    for (text, expected) in [
        ("listen = \"0.0.0.0:81\"", "1:1 missing_key"),
        ("certificates = []", "2:16 bad_certificate"),
        ("certificates = [\"site.pem\"]", "2:17 wrong_type"),
        ("certificates = [{ cert = \"src/config/tests/site.pem\" }]", "2:17 missing_key"),
        ("certificates = [{ key = \"src/config/tests/site.key\" }]", "2:17 missing_key"),
        ("certificates = { cert = \"no.pem\", key = \"src/config/tests/site.key\" }", "2:25 file_missing"),
        ("certificates = { cert = \"src\", key = \"src/config/tests/site.key\" }", "2:25 file_unreadable"),
        ("certificates = { cert = \"src/lib.rs\", key = \"src/config/tests/site.key\" }", "2:25 bad_certificate"),
        ("certificates = { cert = \"src/config/tests/site.pem\", key = \"src/lib.rs\" }", "2:60 bad_certificate"),
        (
            "certificates = { cert = \"src/config/tests/site.pem\", key = \"src/config/tests/other.key\" }",
            "2:60 bad_certificate",
        ),
    ] {
        before_service(&tls(text), &[expected]);
    }
    for (text, expected) in [
        ("listen = []", "2:10 bad_address"),
        ("listen = \"localhost:81\"", "2:10 bad_address"),
        ("listen = \"0.0.0.0:8000\"", "2:10 duplicate_address"),
        ("listen = \"127.0.0.1:8900\"", "2:10 duplicate_address"),
        ("client_ca = \"no.pem\"", "2:13 file_missing"),
        ("client_ca = \"src/config/tests/site.key\"", "2:13 bad_certificate"),
        ("redirect_http = \"yes\"", "2:17 wrong_type"),
    ] {
        before_service(&tls(&format!("{text}\ncertificates = {site}")), &[expected]);
    }
    for (text, expected) in [
        ("acme = { domains = [\"a.b\"] }", "2:8 missing_key"),
        ("acme = { terms_agreed = true }", "2:8 missing_key"),
        ("acme = { domains = [], terms_agreed = true }", "2:20 bad_host"),
        ("acme = { domains = [\"a.b\"], terms_agreed = false }", "2:44 conflict"),
        ("acme = { domains = \"*.a.b\", terms_agreed = true }", "2:20 bad_host"),
        ("acme = { domains = [\"a.b\", \"localhost\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = [\"a.b\", \"10.0.0.1\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = [\"a.b\", \"../a.b\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = \"a.b\", terms_agreed = true, contact = \"mailto:a@b\" }", "2:58 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, directory = \"http://a.b/d\" }", "2:60 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, directory = \"https:///d\" }", "2:60 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, ca = \"no.pem\" }", "2:53 file_missing"),
        ("acme = { domains = \"a.b\", terms_agreed = true, retry = \"0s\" }", "2:56 out_of_range"),
    ] {
        before_service(&tls(text), &[expected]);
    }
    // Both files of a pair are told at once.
    let neither = "certificates = { cert = \"no.pem\", key = \"no.key\" }";
    before_service(&tls(neither), &["2:25 file_missing", "2:41 file_missing"]);
}

#[test]
fn the_trust_in_upstreams() {
    let service =
        |tls: &str| format!("[services.user]\nupstreams = [\"https://a\"]\nroutes = [\"/users\"]\ntls = {{ {tls} }}\n");
    for (tls, expected) in [
        ("ca = \"no.pem\"", "4:14 file_missing"),
        ("ca = \"src/config/tests/site.key\"", "4:14 bad_certificate"),
        ("server_name = \"a b\"", "4:23 bad_host"),
        ("server_name = \"a:443\"", "4:23 bad_host"),
        ("cert = \"src/config/tests/site.pem\"", "4:16 missing_key"),
        ("key = \"src/config/tests/site.key\"", "4:15 missing_key"),
        ("verify = false", "4:9 unknown_key"),
    ] {
        check(&service(tls), &[expected]);
    }
    in_service("tls = {}", &["4:7 conflict"]);
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
        ("retry = true", "4:9 wrong_type"),
        ("retry.attempts = 0", "4:18 out_of_range"),
        ("retry.attempts = 11", "4:18 out_of_range"),
        ("retry.budget = 2", "4:16 out_of_range"),
        ("retry.on = [\"stale\", \"500\"]", "4:22 bad_retry"),
        ("retry.on = 503", "4:12 wrong_type"),
        ("circuit_breaker = true", "4:19 wrong_type"),
        ("circuit_breaker.failure_threshold = 0", "4:37 out_of_range"),
        ("circuit_breaker.recovery_timeout = \"0s\"", "4:36 out_of_range"),
        ("circuit_breaker.half_open_requests = 0", "4:38 out_of_range"),
        ("circuit_breaker.max_open = 1.5", "4:28 out_of_range"),
        ("circuit_breaker.max_open = -1", "4:28 out_of_range"),
        ("circuit_breaker.max_open = nan", "4:28 out_of_range"),
        ("circuit_breaker.max_open = \"half\"", "4:28 wrong_type"),
        ("circuit_breaker.timeout = \"1s\"", "4:17 unknown_key"),
        ("hedge = true", "4:9 wrong_type"),
        ("hedge.after = \"0s\"", "4:15 out_of_range"),
        ("hedge.max = 0", "4:13 out_of_range"),
        ("hedge.max = 6", "4:13 out_of_range"),
        ("hedge.budget = 1.1", "4:16 out_of_range"),
        ("hedge = { delay = \"1s\" }", "4:11 unknown_key"),
        ("timeouts.connect = \"0ms\"", "4:20 out_of_range"),
        ("timeouts.tunnel_idle = \"25h\"", "4:24 out_of_range"),
        ("timeouts.total = \"0s\"", "4:18 out_of_range"),
        ("timeouts.total = true", "4:18 wrong_type"),
        ("timeouts.body_idle = 5", "4:22 wrong_type"),
        ("host = \"a b\"", "4:8 bad_host"),
        ("load_balance = \"random\"", "4:16 bad_load_balance"),
        ("load_balance = 1", "4:16 wrong_type"),
        ("load_balance = {}", "4:16 missing_key"),
        ("load_balance = { hash = \"host\" }", "4:25 bad_load_balance"),
        ("load_balance = { hash = \"header:a b\" }", "4:25 bad_load_balance"),
        ("load_balance = { hash = \"cookie:\" }", "4:25 bad_load_balance"),
        ("load_balance = { hahs = \"ip\", hash = \"ip\" }", "4:18 unknown_key"),
        ("load_balance = { sticky = \"ip\" }", "4:27 bad_load_balance"),
        ("load_balance = { sticky = \"cookie:a b\" }", "4:27 bad_load_balance"),
        ("load_balance = { sticky = \"header:X-A\" }", "4:27 bad_load_balance"),
        ("load_balance = { hash = \"ip\", sticky = \"cookie:a\" }", "4:40 conflict"),
        ("load_balance = { sticky = 1 }", "4:27 wrong_type"),
        ("slow_start = \"25h\"", "4:14 out_of_range"),
        ("max_in_flight = 0", "4:17 out_of_range"),
        ("max_in_flight = \"many\"", "4:17 bad_max_in_flight"),
        ("max_in_flight = true", "4:17 wrong_type"),
        ("max_in_flight = {}", "4:17 missing_key"),
        ("max_in_flight = { adaptive = { min = 0 } }", "4:38 out_of_range"),
        ("max_in_flight = { adaptive = { min = 9, max = 8 } }", "4:47 out_of_range"),
        ("max_in_flight = { adaptive = { most = 8 } }", "4:32 unknown_key"),
        ("auth = \"yes\"", "4:8 bad_auth"),
        ("auth = \"required\"", "4:8 no_credentials"),
        ("auth = \"optional\"", "4:8 no_credentials"),
        ("scopes = \"a\"", "4:10 no_credentials"),
        ("scopes = [\"a b\"]", "4:11 bad_scope"),
        ("scopes = \"\"", "4:10 bad_scope"),
        ("auth = \"none\"\nscopes = \"a\"", "5:10 conflict"),
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
fn where_requests_go_instead() {
    for (text, expected) in [
        ("redirect = { status = 301 }", "4:12 missing_key"),
        ("redirect = { to = \"/new\", status = 200 }", "4:36 bad_redirect"),
        ("redirect = { to = \"/new\", code = 301 }", "4:27 unknown_key"),
        ("redirect = true", "4:12 wrong_type"),
        ("redirect = \"new\"", "4:13 bad_redirect"),
        ("redirect = \"//evil.example\"", "4:13 bad_redirect"),
        ("redirect = \"https://{id}.example/\"", "4:21 bad_redirect"),
        ("redirect = \"/{no}\"", "4:14 bad_redirect"),
        ("redirect = \"/a\"\nrewrite = \"/b\"", "5:11 conflict"),
        ("redirect = \"/a\"\nstrip_prefix = true", "5:16 conflict"),
        ("redirect = \"/a\"\nretry = false", "5:9 conflict"),
        ("redirect = \"/a\"\nhedge = {}", "5:9 conflict"),
        ("redirect = \"/a\"\nmirror = \"user\"", "5:10 conflict"),
        ("redirect = \"/a\"\nfallback.body = \"\"", "5:1 conflict"),
        ("fallback = {}", "4:12 missing_key"),
        ("fallback = \"[]\"", "4:12 wrong_type"),
        ("fallback = { body = \"\", file = \"a\" }", "4:32 conflict"),
        ("fallback = { body = \"\", status = 101 }", "4:34 out_of_range"),
        ("fallback = { body = \"\", content_type = \"\\n\" }", "4:40 bad_content_type"),
        ("split = { service = \"user\" }\nfallback = { service = \"user\", body = \"\" }", "5:39 conflict"),
        ("fallback = { service = \"nobody\" }", "4:24 unknown_service"),
        ("fallback = { service = \"user\" }", "4:24 conflict"),
        ("fallback.file = \"no such file\"", "4:17 file_missing"),
        ("redirect = \"/a\"\nsplit = { service = \"user\" }", "5:9 conflict"),
        ("split = []", "4:9 bad_split"),
        ("split = [{ service = \"user\", weight = 0 }]", "4:9 bad_split"),
        ("split = [{ weight = 1 }]", "4:10 missing_key"),
        ("split = [{ service = \"usr\" }]", "4:22 unknown_service"),
        ("split = [{ service = \"user\", weight = 1001 }]", "4:39 out_of_range"),
        ("split = [{ service = \"user\" }, { service = \"user\" }]", "4:44 bad_split"),
        ("split = [\"user\"]", "4:10 wrong_type"),
        ("split = { service = \"user\" }\nsticky = \"host\"", "5:10 bad_split"),
        ("sticky = \"ip\"", "4:10 missing_key"),
        ("mirror = \"usr\"", "4:10 unknown_service"),
        ("mirror = { percent = 5 }", "4:10 missing_key"),
        ("mirror = { service = \"user\", percent = 101 }", "4:40 out_of_range"),
        ("mirror = { service = \"user\", percent = \"5\" }", "4:40 wrong_type"),
        ("mirror = false", "4:10 wrong_type"),
    ] {
        in_route(text, &[expected]);
    }
    for (text, expected) in [
        ("cache = \"60s\"", "4:9 wrong_type"),
        ("cache = { max_body = \"2GiB\" }", "4:22 out_of_range"),
        ("cache = { ttl = \"0s\" }", "4:17 out_of_range"),
        ("cache = { ttl = 60 }", "4:17 wrong_type"),
        ("cache = { stale_if_error = \"25h\" }", "4:28 out_of_range"),
        ("cache = { stale_while_revalidate = \"1 h\" }", "4:36 bad_duration"),
        ("cache = { max_age = \"60s\" }", "4:11 unknown_key"),
        ("compress = []", "4:12 bad_coding"),
        ("compress = \"deflate\"", "4:12 bad_coding"),
        ("compress = [\"gzip\", \"gzip\"]", "4:21 bad_coding"),
        ("compress = 5", "4:12 wrong_type"),
        ("compress = { level = 5 }", "4:12 wrong_type"),
    ] {
        in_service(text, &[expected]);
        in_route(text, &[expected]);
        before_service(&format!("[defaults]\n{text}"), &[&expected.replace("4:", "2:")]);
    }
    for key in ["redirect = \"/a\"", "split = { service = \"user\" }", "mirror = \"user\"", "sticky = \"ip\""] {
        in_service(key, &["4:1 unknown_key"]);
    }
}

/// `text` in a file with an issuer, after its `issuer` and `secret` in line 3.
#[track_caller]
fn in_jwt(text: &str, expected: &[&str]) {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\n";
    check(&format!("{block}{text}\n{SERVICE}"), expected);
}

/// A block with these keys alone, from line 2 on.
#[track_caller]
fn jwt(keys: &str, expected: &[&str]) {
    before_service(&format!("[[jwt]]\n{keys}"), expected);
}

#[test]
fn the_issuers() {
    for (text, expected) in [
        ("audience = []", "4:12 bad_audience"),
        ("audience = [\"\"]", "4:13 bad_audience"),
        ("audience = 1", "4:12 wrong_type"),
        ("algorithms = []", "4:14 bad_algorithm"),
        ("algorithms = \"none\"", "4:14 bad_algorithm"),
        ("algorithms = [\"HS256\", \"nOnE\"]", "4:24 bad_algorithm"),
        ("algorithms = [\"hs256\"]", "4:15 bad_algorithm"),
        ("algorithms = [\"ES512\"]", "4:15 bad_algorithm"),
        ("algorithms = [\"HS256\", \"RS256\"]", "4:24 conflict"),
        ("jwks = { service = \"user\" }", "3:10 conflict"),
        ("leeway = \"6m\"", "4:10 out_of_range"),
        ("leeway = 5", "4:10 wrong_type"),
        ("claims.sub = \"X User\"", "4:14 bad_header_name"),
        ("claims.sub = \"Connection\"", "4:14 reserved_header"),
        ("claims.sub = \"content_length\"", "4:14 reserved_header"),
        ("claims.sub = \"Host\"", "4:14 reserved_header"),
        ("claims.sub = \"X-Forwarded_For\"", "4:14 reserved_header"),
        ("claims.sub = \"X-Request-Id\"", "4:14 reserved_header"),
        ("claims.sub = \"Authorization\"", "4:14 reserved_header"),
        ("claims.'' = \"X-A\"", "4:8 bad_claim"),
        ("claims = { a = \"X-A\", b = \"x_a\" }", "4:27 duplicate_header"),
        ("iss = \"a\"", "4:1 unknown_key"),
        ("[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"", "5:10 duplicate_issuer"),
        ("[defaults]\nauth = \"none\"\nscopes = \"a\"", "6:10 conflict"),
    ] {
        in_jwt(text, &[expected]);
    }
    for (keys, expected) in [
        ("issuer = \"a\"", "1:1 missing_key"),
        ("secret = \"${JWT_SECRET}\"", "1:1 missing_key"),
        ("issuer = \"\"\nsecret = \"${JWT_SECRET}\"", "2:10 bad_issuer"),
        ("issuer = \"a\"\nsecret = \"${PASSWORD}\"", "3:10 short_secret"),
        ("issuer = \"a\"\nsecret = \"0123456789012345678901234567890\"", "3:10 short_secret"),
        ("issuer = \"a\"\nalgorithms = \"HS512\"\nsecret = \"01234567890123456789012345678901\"", "4:10 short_secret"),
        ("issuer = \"a\"\njwks = {}", "3:8 missing_key"),
        ("issuer = \"a\"\njwks = { service = \"nobody\" }", "3:20 unknown_service"),
        ("issuer = \"a\"\njwks = { service = \"user\", path = \"keys\" }", "3:35 bad_url"),
        ("issuer = \"a\"\njwks = { service = \"user\", url = \"http://a/\" }", "3:34 conflict"),
        ("issuer = \"a\"\njwks = { url = \"http://a/\", path = \"/k\" }", "3:36 conflict"),
        ("issuer = \"a\"\njwks = { url = \"ftp://a/\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"/keys\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"http://a/#k\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"http://joe:pw@a/\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { file = \"no-such-file.json\" }", "3:17 file_unreadable"),
        ("issuer = \"a\"\njwks = { file = \"Cargo.toml\" }", "3:17 no_keys"),
        ("issuer = \"a\"\nalgorithms = \"ES256\"\njwks = { file = \"src/config/tests/keys.json\" }", "4:17 no_keys"),
        ("issuer = \"a\"\njwks.service = \"user\"\nalgorithms = [\"EdDSA\", \"HS256\"]", "4:24 conflict"),
    ] {
        jwt(keys, &[expected]);
    }
    jwt("algorithms = 1", &["1:1 missing_key", "1:1 missing_key", "2:14 wrong_type"]);
}

#[test]
fn fields_that_say_who_calls_are_nobody_elses() {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-User-Id\"\n";
    for (rules, expected) in [
        ("set.x-user-id = \"1\"", "8:21 reserved_header"),
        ("add.X_User-Id = \"1\"", "8:21 reserved_header"),
        ("remove = \"X-User-Id\"", "8:26 reserved_header"),
    ] {
        let service = SERVICE.trim_start();
        check(&format!("{block}{service}request_headers.{rules}"), &[expected]);
    }
}

#[test]
fn the_rate_limits() {
    for (text, expected) in [
        ("requests = 0, per = \"1m\"", "1:27 out_of_range"),
        ("requests = 1000001, per = \"1m\"", "1:27 out_of_range"),
        ("requests = -1, per = \"1m\"", "1:27 out_of_range"),
        ("requests = \"5\", per = \"1m\"", "1:27 wrong_type"),
        ("requests = 5", "1:14 missing_key"),
        ("per = \"1m\"", "1:14 missing_key"),
        ("requests = 5, per = \"0s\"", "1:36 out_of_range"),
        ("requests = 5, per = \"25h\"", "1:36 out_of_range"),
        ("requests = 5, per = 60", "1:36 wrong_type"),
        ("requests = 5, per = \"1 m\"", "1:36 bad_duration"),
        ("requests = 5, per = \"1m\", burst = 0", "1:50 out_of_range"),
        ("requests = 1, per = \"24h\", burst = 31", "1:51 out_of_range"),
        ("requests = 5, per = \"1m\", key = \"address\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"IP\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"claim:\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"claim:a b\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"header:\"", "1:48 bad_header_name"),
        ("requests = 5, per = \"1m\", key = \"header:X Y\"", "1:48 bad_header_name"),
        ("requests = 5, per = \"1m\", key = \"header:X-Forwarded-For\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = [\"ip\"]", "1:48 wrong_type"),
        ("requests = 5, per = \"1m\", stoer = \"memory\"", "1:42 unknown_key"),
        ("burst = 5, store = \"memory\", per = \"1m\"", "1:14 missing_key"),
        ("store = false", "1:24 wrong_type"),
        ("store = \"memry\"", "1:24 bad_url"),
        ("store = \"http://a\"", "1:24 bad_url"),
        ("store = \"redis://:${PASSWORD}/@a/b\"", "1:24 bad_url"),
        ("store = \"redis://:${NO_PASSWORD:-}@a\"", "1:24 bad_url"),
        ("store = \"redis://:${NO_PASSWORD}@a\"", "1:34 variable_missing"),
        ("store = { timeout = \"1s\" }", "1:24 missing_key"),
        ("store = { url = \"redis://a\", timeout = \"0s\" }", "1:55 out_of_range"),
        ("store = { url = \"redis://a\", timeout = \"6s\" }", "1:55 out_of_range"),
        ("store = { url = \"memory\", timeout = \"1s\" }", "1:52 conflict"),
    ] {
        before_service(&format!("rate_limit = {{ {text} }}"), &[expected]);
    }
    for key in ["header:X-User-Id", "header:x_user_scope"] {
        let text = format!("rate_limit = {{ requests = 5, per = \"1m\", key = \"{key}\" }}");
        before_service(&text, &["1:48 reserved_header"]);
    }
    before_service("rate_limit = { requests = 5, per = \"1m\", key = \"claim:sub\" }", &["1:48 no_credentials"]);
    before_service("rate_limit = {}", &["1:14 missing_key", "1:14 missing_key"]);
    in_service("rate_limit = { requests = 1, per = \"1s\", store = \"memory\" }", &["4:42 unknown_key"]);
    before_service("rate_limit = false", &["1:14 wrong_type"]);
    before_service("defaults.rate_limit = { requests = 0, per = \"1m\" }", &["1:36 out_of_range"]);
    for text in ["rate_limit = true", "rate_limit = 5", "rate_limit = \"100/m\""] {
        in_service(text, &["4:14 wrong_type"]);
        in_route(text, &["4:14 wrong_type"]);
    }
    in_service("rate_limit = { requests = 0, per = \"1s\" }", &["4:27 out_of_range"]);
    in_route("rate_limit = { requests = 0, per = \"1s\" }", &["4:27 out_of_range"]);
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
        ("required_headers = [\"X-A\", \"x_user-id\"]", "4:28 reserved_header"),
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

#[test]
fn an_authoriser_that_is_the_gateway_itself() {
    check(
        "[services.me]\nupstreams = \"http://127.0.0.1:8000\"\nroutes = \"/x\"\n\
         [services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\n\
         forward_auth = { service = \"me\", path = \"/a/verify\" }",
        &["4:11 conflict"],
    );
}

#[test]
fn the_authoriser() {
    for (text, expected) in [
        ("forward_auth = true", "4:16 wrong_type"),
        ("forward_auth = 5", "4:16 wrong_type"),
        ("forward_auth = {}", "4:16 missing_key"),
        ("forward_auth = { timeout = \"1s\" }", "4:16 missing_key"),
        ("forward_auth = \"http://a\"", "4:16 bad_authoriser"),
        ("forward_auth = \"http://a/b c\"", "4:16 bad_authoriser"),
        ("forward_auth = \"http://a?b\"", "4:16 bad_authoriser"),
        ("forward_auth = \"ftp://a/b\"", "4:16 unsupported_scheme"),
        ("forward_auth = \"a/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://joe:pw@a/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://a:0/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://127.0.0.1:8000/b\"", "4:16 conflict"),
        ("forward_auth = \"http://localhost:8000/b\"", "4:16 conflict"),
        ("forward_auth = \"http://[::1]:8000/b\"", "4:16 conflict"),
        ("forward_auth = { service = \"usr\", path = \"/\" }", "4:28 unknown_service"),
        ("forward_auth = { service = \"user\" }", "4:28 missing_key"),
        ("forward_auth = { service = \"user\", path = \"verify\" }", "4:43 bad_authoriser"),
        ("forward_auth = { service = \"user\", path = \"/a#b\" }", "4:43 bad_authoriser"),
        ("forward_auth = { path = \"/verify\" }", "4:25 missing_key"),
        ("forward_auth = { url = \"http://a/b\", service = \"user\" }", "4:48 conflict"),
        ("forward_auth = { url = \"http://a/b\", path = \"/b\" }", "4:45 conflict"),
        ("forward_auth = { url = \"http://a/b\", timeout = \"0s\" }", "4:48 out_of_range"),
        ("forward_auth = { url = \"http://a/b\", retries = 1 }", "4:38 unknown_key"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X A\" }", "4:48 bad_header_name"),
        ("forward_auth = { url = \"http://a/b\", headers = [\"X-A\", \"x_a\"] }", "4:56 duplicate_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Connection\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Content-Length\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Authorization\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Host\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X-Forwarded-For\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X-Request-Id\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"traceparent\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = \"Host\" }", "4:56 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = \"Content-Type\" }", "4:56 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = [\"A\", \"a\"] }", "4:62 duplicate_header"),
    ] {
        in_service(text, &[expected]);
    }
    before_service("[defaults]\nforward_auth = false", &["2:16 wrong_type"]);
    // A fault of the layer that others inherit is one fault.
    before_service("[defaults]\nforward_auth.timeout = \"1s\"", &["2:1 missing_key"]);
    before_service("[defaults]\nforward_auth = { service = \"no\", path = \"/\" }", &["2:28 unknown_service"]);
    // What is turned off has nobody to inherit from.
    let (off, on) = ("forward_auth = false", "forward_auth = { timeout = \"1s\" }");
    let routes = format!("upstreams = \"http://a\"\nroutes = {{ match = \"/a\", {on} }}");
    check(&format!("[services.a]\n{off}\n{routes}"), &["4:41 missing_key"]);
}

/// Keys of an `[[api_key]]` block, from line 2 on.
#[track_caller]
fn api_key(keys: &str, expected: &[&str]) {
    before_service(&format!("[[api_key]]\n{keys}"), expected);
}

#[test]
fn the_api_keys() {
    let hash = "0123456789abcdef".repeat(4);
    let one = |name: &str, hash: &str| format!("{{ name = \"{name}\", sha256 = \"{hash}\" }}");
    let good = format!("keys = {}", one("ci", &hash));
    for (text, expected) in [
        (String::new(), "1:1 missing_key"),
        (String::from("header = \"A\"\nquery = \"a\""), "3:9 conflict"),
        (String::from("header = \"X A\""), "2:10 bad_header_name"),
        (String::from("header = \"Authorization\""), "2:10 reserved_header"),
        (String::from("header = \"Content-Length\""), "2:10 reserved_header"),
        (String::from("header = \"X-Request-Id\""), "2:10 reserved_header"),
        (String::from("query = \"\""), "2:9 bad_api_key"),
        (String::from("query = \"a&b\""), "2:9 bad_api_key"),
        (String::from("query = \"a%5Fb\""), "2:9 bad_api_key"),
        (String::from("header = 5\nquery = \"a\""), "2:10 wrong_type"),
        (String::from("query = \"a\"\nname = \"a\""), "3:1 unknown_key"),
        (String::from("query = \"a\"\nclaims.sub = \"X-A\""), "3:8 unknown_key"),
        (String::from("query = \"a\"\nclaims.name = \"Host\""), "3:15 reserved_header"),
        (String::from("query = \"a\"\nclaims = { name = \"X-A\", scope = \"x_a\" }"), "3:34 duplicate_header"),
        (String::from("header = \"X-A\"\nclaims.name = \"x_a\""), "2:10 reserved_header"),
    ] {
        let sorted = if text.is_empty() { good.clone() } else { format!("{text}\n{good}") };
        api_key(&sorted, &[expected]);
    }
    for (keys, expected) in [
        (String::from("[]"), "3:8 no_keys"),
        (String::from("5"), "3:8 wrong_type"),
        (String::from("\"gwk_hunter2\""), "3:8 wrong_type"),
        (one("", &hash), "3:17 bad_api_key"),
        (one("a b", &hash), "3:17 bad_api_key"),
        (one(&"a".repeat(65), &hash), "3:17 bad_api_key"),
        (one("a", ""), "3:31 bad_api_key"),
        (one("a", "gwk_hunter2"), "3:31 bad_api_key"),
        (one("a", &hash[1..]), "3:31 bad_api_key"),
        (one("a", &hash.replace('a', "g")), "3:31 bad_api_key"),
        (String::from("{ name = \"a\" }"), "3:8 missing_key"),
        (format!("{{ sha256 = \"{hash}\" }}"), "3:8 missing_key"),
        (format!("{{ name = \"a\", sha256 = \"{hash}\", scopes = \"a b\" }}"), "3:108 bad_scope"),
        (format!("[{}, {}]", one("a", &hash), one("b", &hash.to_uppercase())), "3:125 duplicate_api_key"),
        (format!("[{}, {}]", one("a", &hash), one("a", &"0".repeat(64))), "3:111 duplicate_api_key"),
    ] {
        api_key(&format!("query = \"a\"\nkeys = {keys}"), &[expected]);
    }
    api_key("query = \"a\"", &["1:1 missing_key"]);
    let other = format!("[[api_key]]\nheader = \"x-a\"\nkeys = {}", one("b", &"0".repeat(64)));
    api_key(&format!("header = \"X-A\"\n{good}\n{other}"), &["5:10 duplicate_api_key"]);
}

/// Which of the two speaks could not be told.
#[test]
fn a_credential_and_an_authoriser_do_not_write_the_same_field() {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-User-Id\"\n";
    let asks = "forward_auth = { url = \"http://a/b\", headers = \"x_user_id\" }\n";
    let service = SERVICE.trim_start();
    check(&format!("{block}{service}{asks}"), &["8:16 conflict"]);
    let hash = "0123456789abcdef".repeat(4);
    let keys = format!("[[api_key]]\nquery = \"a\"\nkeys = {{ name = \"a\", sha256 = \"{hash}\" }}\n");
    check(&format!("{keys}claims.name = \"X-User-Id\"\n{service}{asks}"), &["8:16 conflict"]);
    super::sound(&format!("{block}{service}{asks}auth = \"none\"\n"));
    let rules = "request_headers.remove = \"X-Plan\"\n";
    let asks = "forward_auth = { url = \"http://a/b\", headers = \"X-Plan\" }\n";
    check(&format!("{service}{rules}{asks}"), &["4:26 reserved_header"]);
}

/// Where everything asks a service, so would whoever wants to reach its log-in.
#[test]
fn an_authoriser_does_not_inherit_to_ask_itself() {
    let all = "[defaults]\nforward_auth = { service = \"user\", path = \"/verify\" }\n";
    check(&format!("{all}{SERVICE}"), &["4:11 conflict"]);
    super::sound(&format!("{all}{SERVICE}forward_auth = false\n"));
    super::sound(&format!("{SERVICE}forward_auth = {{ service = \"user\", path = \"/verify\" }}\n"));
}

/// A field that says who calls is deleted from every request before anything looks for it.
#[test]
fn a_field_that_is_never_there() {
    let head = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-Account\"\n";
    let service = "upstreams = [\"http://127.0.0.1:8001\"]\n[[services.user.routes]]\nmatch = \"/users\"\n";
    for (text, expected) in [
        ("headers = { X-Account = \"*\" }", &["9:13 reserved_header"][..]),
        ("headers = { X-Plan = \"*\", x_account = \"a\" }", &["9:27 reserved_header"]),
        ("headers = { X-User-Id = \"*\" }", &["9:13 reserved_header"]),
        ("required_headers = \"X-Account\"", &["9:20 reserved_header"]),
        ("rate_limit = { requests = 1, per = \"1s\", key = \"header:X-Account\" }", &["9:48 reserved_header"]),
        (
            "forward_auth = { url = \"http://a/\", headers = \"X-Plan\" }\nrequired_headers = \"X-Plan\"",
            &["10:20 reserved_header"],
        ),
    ] {
        check(&format!("{head}[services.user]\n{service}{text}\n"), expected);
    }
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
