//! SPEC §3 step 5: the rules together, in their order.
use e2e::{Gateway, Message, Signer, Upstream, service};
use serde_json::json;

use crate::upstream_faults::code;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The SHA-256 of `gwk_ci` and of `gwk_cd`.
const CI: &str = "f9e19a5bbc98cbb74e8a110ffd04178fb9d3df41745a6e76d6c7e0f507958a2e";
const CD: &str = "8ef6a5baa11a230e387def81b23ded86d3910fd9bda8c345b888191e466b799a";

/// Tokens of the issuer `us`, keys in `X-Api-Key`, and pages of one origin.
fn start(upstream: &Upstream, keys: &str) -> Gateway {
    let head = format!(
        "[[jwt]]\nissuer = 'us'\naudience = 'api'\nsecret = '{SECRET}'\n\
         [[api_key]]\nheader = 'X-Api-Key'\nkeys = [{{ name = 'ci', sha256 = '{CI}' }}, {{ name = 'cd', sha256 = '{CD}' }}]\n\
         [cors]\norigins = 'https://app.example.com'\n"
    );
    Gateway::start(&format!("{head}{}", service("app", &[upstream], keys)))
}

fn limit(requests: u32, key: &str) -> String {
    format!("rate_limit = {{ requests = {requests}, per = '1h', key = '{key}' }}")
}

fn token(subject: &str) -> String {
    let token = Signer::secret(SECRET.as_bytes()).token(&json!({ "sub": subject }));
    format!("authorization: Bearer {token}")
}

fn ask(gateway: &Gateway, fields: &str) -> Message {
    gateway.ask(&format!("GET / HTTP/1.1\r\norigin: https://app.example.com\r\n{fields}"))
}

#[test]
fn a_limit_by_a_claim_counts_each_caller_for_itself() {
    let upstream = Upstream::ok();
    let gateway = start(&upstream, &limit(2, "claim:sub"));
    let (joe, ann) = (token("joe"), token("ann"));
    let statuses = |fields: &str| (0..3).map(|_| ask(&gateway, fields).status()).collect::<Vec<_>>();
    assert_eq!(statuses(&joe), [200, 200, 429]);
    assert_eq!(statuses(&ann), [200, 200, 429], "from the same address");
    assert_eq!(statuses("authorization: Bearer a.b.c"), [401, 401, 429], "who is not known is counted by its address");
    assert_eq!(upstream.requests().len(), 4);
}

#[test]
fn a_limit_by_name_counts_each_key_for_itself() {
    let upstream = Upstream::ok();
    let gateway = start(&upstream, &limit(2, "claim:name"));
    let statuses = |fields: &str| (0..3).map(|_| ask(&gateway, fields).status()).collect::<Vec<_>>();
    assert_eq!(statuses("x-api-key: gwk_ci"), [200, 200, 429]);
    assert_eq!(statuses("x-api-key: gwk_cd"), [200, 200, 429]);
    assert_eq!(statuses(&token("joe")), [200, 200, 429], "a token without the claim is counted by its address");
}

/// A flood costs no signature: it is refused before anybody looks at a token.
#[test]
fn a_limit_by_address_comes_before_the_token() {
    let upstream = Upstream::ok();
    let gateway = start(&upstream, &limit(2, "ip"));
    let codes: Vec<_> = (0..3).map(|_| code(&ask(&gateway, "authorization: Bearer a.b.c"))).collect();
    let expected = [(401, "token_malformed"), (401, "token_malformed"), (429, "rate_limited")];
    assert_eq!(codes, expected.map(|(status, code)| (status, code.to_owned())));
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_preflight_needs_no_token_and_is_not_counted() {
    let upstream = Upstream::ok();
    let gateway = start(&upstream, &limit(1, "ip"));
    for _ in 0..3 {
        let preflight = "OPTIONS / HTTP/1.1\r\norigin: https://app.example.com\r\naccess-control-request-method: GET";
        assert_eq!(gateway.ask(preflight).status(), 204);
    }
    assert_eq!(ask(&gateway, &token("joe")).status(), 200);
    assert_eq!(upstream.requests().len(), 1);
}

/// A page can read why it was refused, and when it may ask again.
#[test]
fn a_refusal_carries_the_grant_and_the_standing() {
    let upstream = Upstream::ok();
    let gateway =
        start(&upstream, &format!("{}\nroutes = ['/', {{ match = '/admin', scopes = 'admin' }}]", limit(2, "ip")));
    let refused = |answer: &Message, status: u16, left: &str| {
        assert_eq!(answer.status(), status, "{answer:#?}");
        assert_eq!(answer.field("access-control-allow-origin"), Some("https://app.example.com"));
        assert!(answer.field("ratelimit").unwrap().contains(&format!(";r={left};")), "{answer:#?}");
    };
    refused(&ask(&gateway, "accept: text/plain"), 401, "1");
    let admin = format!("GET /admin HTTP/1.1\r\norigin: https://app.example.com\r\n{}", token("joe"));
    refused(&gateway.ask(&admin), 403, "0");
    refused(&ask(&gateway, &token("joe")), 429, "0");
    assert_eq!(upstream.requests().len(), 0);
}

/// A challenge names what is taken: a key is no token.
#[test]
fn a_key_without_a_scope_is_not_asked_for_a_token() {
    let upstream = Upstream::ok();
    let head = format!("[[api_key]]\nheader = 'X-Api-Key'\nkeys = {{ name = 'ci', sha256 = '{CI}' }}\n");
    let gateway = Gateway::start(&format!("{head}{}", service("app", &[&upstream], "scopes = 'admin'")));
    let answer = gateway.ask("GET / HTTP/1.1\r\nx-api-key: gwk_ci");
    assert_eq!(code(&answer), (403, "scope_missing".into()));
    assert_eq!(answer.field("www-authenticate"), None);
}

/// What decides is what the upstream sees: neither what a client may not say, nor what its `Connection` takes away.
#[test]
fn no_rule_is_met_by_a_field_that_goes_no_further() {
    let upstream = Upstream::ok();
    let routes = "routes = [
      { match = '/tenant', auth = 'none', required_headers = ['X-Tenant'] },
      { match = '/real', auth = 'none', required_headers = ['X_Real_Ip'] },
      { match = '/json', auth = 'none', content_types = ['application/json'] },
      { match = '/cond', auth = 'none', headers = { X-Tenant = '*' } },
      { match = '/limit', auth = 'none', rate_limit = { requests = 2, per = '1h', key = 'header:X-Tenant' } },
    ]";
    let gateway = start(&upstream, routes);
    let code_of = |lines: &str| code(&gateway.ask(lines)).1;
    assert_eq!(code_of("GET /tenant HTTP/1.1\r\nx-tenant: t\r\nconnection: x-tenant"), "header_missing");
    assert_eq!(code_of("GET /real HTTP/1.1\r\nx_real_ip: 7"), "header_missing");
    assert_eq!(code_of("GET /cond HTTP/1.1\r\nx-tenant: t\r\nconnection: x-tenant"), "no_route");
    let mut client = gateway.connect();
    client.send(
        "POST /json HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: content-type\r\n\
         content-length: 4\r\n\r\n<x/>",
    );
    assert_eq!(code(&client.answer_to("POST").unwrap()), (415, "content_type_unsupported".into()));
    let limited = |n: u32| gateway.ask(&format!("GET /limit HTTP/1.1\r\nx-tenant: {n}\r\nconnection: x-tenant"));
    let statuses: Vec<_> = (0..3).map(|n| limited(n).status()).collect();
    assert_eq!(statuses, [200, 200, 429], "a name that goes no further is no name");
    assert_eq!(upstream.requests().len(), 2);
}

/// A page can read what was wrong with its request, whatever that was.
#[test]
fn a_head_that_is_refused_carries_the_grant() {
    let upstream = Upstream::ok();
    let gateway = start(&upstream, "auth = 'none'");
    for lines in ["host: a\r\nexpect: nothing", "host: a b", "host: a\r\ncontent-length: x"] {
        let mut client = gateway.connect();
        client.send(format!("GET / HTTP/1.1\r\norigin: https://app.example.com\r\n{lines}\r\n\r\n"));
        let answer = client.answer_to("GET").unwrap();
        assert!(answer.status() >= 400, "{answer:#?}");
        assert_eq!(answer.field("access-control-allow-origin"), Some("https://app.example.com"), "{answer:#?}");
    }
}
