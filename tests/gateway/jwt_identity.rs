//! CASES 19: who calls is the gateway's to say, in fields that no client can write.
use e2e::{Gateway, Jwks, Message, Signer, Upstream, service};
use serde_json::json;

const CLAIMS: &str =
    "claims = { sub = 'X-User-Id', email = 'X-User-Email', scope = 'X-User-Scope', tenant = 'Tenant-Of', n = 'X-N' }";

fn start(jwks: &Jwks, upstream: &Upstream) -> Gateway {
    let routes = "routes = ['/', { match = '/open', auth = 'none' }, { match = '/maybe', auth = 'optional' }]";
    Gateway::start(&format!("{}{}", jwks.block(CLAIMS), service("app", &[upstream], routes))).with_keys()
}

/// The fields of a request that say who calls, in any spelling.
fn identity(request: &Message) -> Vec<(&str, &str)> {
    let names = ["x-user-id", "x_user_id", "x-user_id", "x-user-email", "x-user-scope", "x_user_scope", "tenant-of"];
    let names = names.iter().chain(&["tenant_of", "x-n", "x_n"]);
    names.flat_map(|name| request.all(name).into_iter().map(|value| (*name, value)).collect::<Vec<_>>()).collect()
}

#[test]
fn claims_become_fields() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream);
    let ask = |changes: serde_json::Value| {
        let answer = gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {}", own.token(&changes)));
        answer.status()
    };
    assert_eq!(ask(json!({ "email": "a@b.c", "scope": ["r", "w"], "tenant": true, "n": 12.5, "x": "no" })), 200);
    let told = [
        ("x-user-id", "7"),
        ("x-user-email", "a@b.c"),
        ("x-user-scope", "r w"),
        ("tenant-of", "true"),
        ("x-n", "12.5"),
    ];
    assert_eq!(identity(&upstream.last()), told);
    assert_eq!(ask(json!({ "sub": null, "scope": "r w" })), 200);
    assert_eq!(identity(&upstream.last()), [("x-user-scope", "r w")]);
    for sub in ["7\r\nx-user-scope: admin", "7\n", "\u{0}", " 7", "7 ", "\u{7f}"] {
        assert_eq!(ask(json!({ "sub": sub })), 401, "{sub:?}");
    }
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn forged_fields_are_deleted_wherever_they_come_from() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream);
    let forged = "X-User-Id: 1\r\nx-user-id: 2\r\nX_User_Id: 3\r\nx-USER_id: 4\r\nX-User-Scope: admin\r\n\
                  X_User_Scope: admin\r\nTenant-Of: us\r\nTENANT_OF: us\r\nX_N: 5\r\nX-User-Email: e@e";
    for target in ["/open", "/maybe"] {
        assert_eq!(gateway.ask(&format!("GET {target} HTTP/1.1\r\n{forged}")).status(), 200);
        assert_eq!(identity(&upstream.last()), [], "{target}");
    }
    let token = own.token(&json!({}));
    let lines = format!("GET / HTTP/1.1\r\nConnection: X-User-Id\r\n{forged}\r\nauthorization: Bearer {token}");
    for _ in 0..2 {
        // The second time the token is remembered.
        assert_eq!(gateway.ask(&lines).status(), 200);
        assert_eq!(identity(&upstream.last()), [("x-user-id", "7")]);
    }
}

#[test]
fn forged_trailers_are_deleted_too() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream);
    let mut client = gateway.connect();
    client.send(
        "POST /open HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
         2\r\nhi\r\n0\r\ntenant-of: us\r\nTenant_Of: us\r\nx-n: 5\r\nX-User-Id: 1\r\nx-sum: 9\r\n\r\n",
    );
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    let seen = format!("{:?}", upstream.last()).to_lowercase();
    assert!(seen.contains("x-sum"), "{seen}");
    for name in ["tenant-of", "tenant_of", "x-n", "x-user-id"] {
        assert!(!seen.contains(name), "{name} in {seen}");
    }
}

#[test]
fn without_any_issuer_the_usual_names_are_deleted_all_the_same() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    assert_eq!(gateway.ask("GET / HTTP/1.1\r\nX-User-Id: 1\r\nx_user_scope: admin\r\ntenant-of: us").status(), 200);
    assert_eq!(identity(&upstream.last()), [("tenant-of", "us")]);
}
