//! The operator's listener.
use e2e::{Gateway, Upstream};

#[test]
fn metrics_are_prometheus_text() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "routes = ['/users/{id}']\nhealth = '/h'");
    let mut client = gateway.connect();
    for _ in 0..3 {
        client.get("/users/7?secret=1");
    }
    client.get("/nowhere");
    client.ask("BREW /users/x HTTP/1.1\r\nhost: evil.example");
    gateway.wait_metric("gateway_requests_total{route=\"/users/{id}\",service=\"app\",status=\"200\",code=\"\"}", 4.0);
    gateway.wait_metric("gateway_requests_total{route=\"\",service=\"\",status=\"404\",code=\"no_route\"}", 1.0);
    gateway.wait_metric("gateway_connections", 1.0);
    gateway.wait_metric("gateway_in_flight", 0.0);
    gateway.wait_metric(&format!("gateway_upstream_healthy{{service=\"app\",upstream=\"{}\"}}", upstream.url()), 1.0);
    gateway.wait_metric("gateway_log_lines_dropped_total", 0.0);
    let answer = gateway.admin("/metrics");
    let text = answer.text();
    for family in ["gateway_request_duration_seconds", "gateway_upstream_duration_seconds"] {
        for suffix in ["bucket", "sum", "count"] {
            assert!(text.contains(&format!("\n{family}_{suffix}{{")), "{family}_{suffix} in {text}");
        }
    }
    for from_client in ["BREW", "evil", "secret", "/users/7"] {
        assert!(!text.contains(from_client), "{from_client}: no label comes from a client");
    }
    let kind = answer.field("content-type").unwrap();
    assert!(kind.starts_with("text/plain") || kind.starts_with("application/openmetrics-text"), "{kind}");
}

#[test]
fn probes_of_the_gateway_itself() {
    let upstream = Upstream::answering(|_| e2e::with_body("500 Sick", b""));
    let gateway = Gateway::with("", &upstream, "health = '/h'");
    assert_eq!(gateway.admin("/live").status(), 200);
    assert_eq!(gateway.admin("/ready").status(), 200, "ready to take requests, whatever becomes of them");
    assert_eq!(gateway.admin("/unknown").status(), 404);
}

#[test]
fn services_tell_of_each_upstream() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "health = '/h'");
    gateway.get("/");
    let services = gateway.admin("/services").json();
    assert_eq!(services["app"]["upstreams"][0]["url"], upstream.url());
    assert_eq!(services["app"]["status"], "healthy");
}

#[test]
fn the_configuration_is_shown_with_defaults_and_without_secrets() {
    let upstream = Upstream::ok();
    let keys = "request_headers = { set = { authorization = 'Basic aHVudGVyMg', x-api-key = 'hunter2' } }";
    let gateway = Gateway::with("", &upstream, keys);
    let answer = gateway.admin("/config");
    assert_eq!((answer.status(), answer.field("content-type")), (200, Some("application/json")));
    let text = answer.text();
    assert!(text.contains("75s") && text.contains(&upstream.url()), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
}

#[test]
fn the_admin_pages_are_not_public() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "routes = ['/app']");
    for page in ["/metrics", "/config", "/services", "/live", "/ready"] {
        assert_eq!(gateway.get(page).status(), 404, "{page}");
    }
}

/// Each worker counts for itself; an operator sees the sum.
#[test]
fn the_workers_numbers_are_added_up() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.workers = 3", &upstream, "");
    let mut clients: Vec<_> = (0..30).map(|_| gateway.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.get("/").status(), 200);
    }
    gateway.wait_metric("gateway_requests_total{route=\"/\",service=\"app\",status=\"200\",code=\"\"}", 30.0);
    gateway.wait_metric("gateway_connections", 30.0);
    assert!(gateway.stderr.all().iter().any(|line| line.contains("with 3 workers")));
}
