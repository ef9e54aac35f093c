//! SPEC §4, trust: the field by which services know the gateway, as the shipped file sets it.
use e2e::{Gateway, Upstream, service};

const RULE: &str = "[defaults]\nrequest_headers = { set = { X-Gateway-Secret = \"${GATEWAY_SECRET:-}\" } }\n";
const SECRET: &str = "0123456789abcdef-of-the-test";

fn forge(gateway: &Gateway) {
    for name in ["x-gateway-secret", "X-Gateway-Secret", "x-gateway-secret: 1\r\nx-gateway-secret"] {
        assert_eq!(gateway.ask(&format!("GET / HTTP/1.1\r\n{name}: {SECRET}")).status(), 200);
    }
}

#[test]
fn a_clients_own_is_replaced_and_the_gateways_is_never_shown() {
    let upstream = Upstream::ok();
    let file = format!("{RULE}{}", service("app", &[&upstream], ""));
    let gateway = Gateway::with_env(&file, "GATEWAY_SECRET", SECRET);
    gateway.ask("GET / HTTP/1.1\r\nx-gateway-secret: mine");
    for request in upstream.requests() {
        assert_eq!(request.all("x-gateway-secret"), [SECRET]);
    }
    for page in ["/config", "/services", "/metrics"] {
        assert!(!gateway.admin(page).text().contains(SECRET), "{page}");
    }
    assert!(gateway.admin("/config").text().contains("\"x-gateway-secret\": \"***\""));
    let said = [gateway.stdout.all(), gateway.stderr.all()].concat().join("\n");
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn without_a_secret_a_clients_own_is_removed_all_the_same() {
    let upstream = Upstream::ok();
    let gateway = Gateway::start(&format!("{RULE}{}", service("app", &[&upstream], "")));
    forge(&gateway);
    assert_eq!(upstream.requests().len(), 3);
    for request in upstream.requests() {
        assert_eq!(request.all("x-gateway-secret"), [""]);
    }
}
