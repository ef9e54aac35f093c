//! `cache`: who gets what was stored for another, and who does not.
use e2e::{Gateway, Upstream, service};

/// SHA-256 of `gwk_ci` and of `gwk_cj`.
const KEYS: [&str; 2] = [
    "f9e19a5bbc98cbb74e8a110ffd04178fb9d3df41745a6e76d6c7e0f507958a2e",
    "ee1a08b06afa4c2b34110b35ec8ef36773f542c17e37e620b7841b280ae29717",
];

/// Answers what a request's `field` says, for all by `public`, and says that it depends on it.
fn telling(field: &'static str) -> Upstream {
    Upstream::answering(move |request| {
        let body = request.field(field).unwrap_or("nobody").to_owned();
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\ncache-control: public, max-age=60\r\nvary: {field}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into()
    })
}

/// Each of these requests gets its own answer, twice, and the service is asked once for each.
#[track_caller]
fn check(gateway: &Gateway, upstream: &Upstream, expected: &[(&str, &str)]) {
    for _ in 0..2 {
        for (fields, body) in expected {
            assert_eq!(gateway.ask(&format!("GET / HTTP/1.1{fields}")).text(), *body, "{fields:?}");
        }
    }
    assert_eq!(upstream.requests().len(), expected.len());
}

#[test]
fn vary_by_who_calls_tells_callers_apart() {
    let upstream = telling("x-api-client");
    let [ci, cj] = KEYS;
    let gateway = Gateway::start(&format!(
        "[[api_key]]\nheader = 'X-Api-Key'\nclaims.name = 'X-Api-Client'\n\
         keys = [{{ name = 'ci', sha256 = '{ci}' }}, {{ name = 'cj', sha256 = '{cj}' }}]\n{}",
        service("app", &[&upstream], "cache = true\nauth = 'optional'")
    ));
    let callers = [("\r\nx-api-key: gwk_ci", "ci"), ("\r\nx-api-key: gwk_cj", "cj"), ("", "nobody")];
    check(&gateway, &upstream, &callers);
}

#[test]
fn vary_by_what_an_authoriser_says_tells_callers_apart() {
    let authoriser = Upstream::answering(|request| {
        let account = request.field("cookie").map(|who| format!("x-account: {who}\r\n")).unwrap_or_default();
        format!("HTTP/1.1 200 OK\r\n{account}content-length: 0\r\n\r\n").into()
    });
    let upstream = telling("x-account");
    let asks = format!("forward_auth = {{ url = '{}/', headers = ['X-Account'] }}", authoriser.url());
    let gateway = Gateway::start(&service("app", &[&upstream], &format!("cache = true\n{asks}")));
    check(&gateway, &upstream, &[("\r\ncookie: bob", "bob"), ("\r\ncookie: eve", "eve"), ("", "nobody")]);
}

/// What a route's rule has set is the same for all, whatever clients say.
#[test]
fn vary_by_what_a_rule_sets_tells_nobody_apart() {
    let upstream = telling("x-tenant");
    let keys = "cache = true\nrequest_headers.set.X-Tenant = 'one'";
    let gateway = Gateway::start(&service("app", &[&upstream], keys));
    assert_eq!(gateway.ask("GET / HTTP/1.1\r\nx-tenant: two").text(), "one");
    assert_eq!(gateway.ask("GET / HTTP/1.1\r\nx-tenant: three").text(), "one");
    assert_eq!(upstream.requests().len(), 1);
}

/// As a service does that sends who came by http to https: by fields that no `Vary` names.
#[test]
fn what_a_trusted_proxy_tells_is_part_of_what_is_asked_for() {
    let upstream = Upstream::answering(|request| {
        let fields = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix"];
        let body = fields.map(|name| request.field(name).unwrap_or("-").to_owned()).join(" ");
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: {length}\r\n\r\n{body}").into()
    });
    let requests = [
        ("\r\nhost: a\r\nx-forwarded-proto: https", "https a -"),
        ("\r\nhost: a", "http a -"),
        ("\r\nhost: a\r\nx-forwarded-host: evil", "http evil -"),
        ("\r\nhost: a\r\nx-forwarded-prefix: /p", "http a /p"),
    ];
    let keys = service("app", &[&upstream], "cache = true");
    check(&Gateway::start(&format!("server.trusted_proxies = ['127.0.0.0/8']\n{keys}")), &upstream, &requests);
    let gateway = Gateway::start(&keys);
    for (fields, _) in requests {
        assert_eq!(gateway.ask(&format!("GET / HTTP/1.1{fields}")).text(), "http a -", "nobody is believed");
    }
    assert_eq!(upstream.requests().len(), requests.len() + 1);
}
