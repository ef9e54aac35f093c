//! `rate_limit.store`: limits that several gateways share, in a real Redis.
use std::{collections::BTreeSet, thread};

use e2e::{Authority, Gateway, Jwks, Message, Redis, Signer, Upstream, eventually, service};

/// A file with this limit for everything, counted there.
fn file(limit: &str, store: &str, upstream: &Upstream) -> String {
    format!("rate_limit = {{ {limit}, store = '{store}' }}\n{}", service("app", &[upstream], ""))
}

/// What an answer says of the limit.
fn told(answer: &Message) -> (u16, Option<String>, Option<String>) {
    let field = |name| answer.field(name).map(str::to_owned);
    (answer.status(), field("ratelimit-policy"), field("ratelimit"))
}

#[test]
fn two_gateways_let_through_exactly_one_limit() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let file = format!("server.workers = 2\n{}", file("requests = 60, per = '1h'", &redis.url(), &upstream));
    let gateways = [Gateway::start(&file), Gateway::start(&file)];
    let passed: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|n| {
                let gateway = &gateways[n % 2];
                scope.spawn(|| (0..20).filter(|_| gateway.get("/").status() == 200).count())
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert_eq!(passed, 60);
    assert_eq!(upstream.requests().len(), 60);
    for gateway in &gateways {
        assert_eq!(gateway.metric("gateway_rate_limit_store_up"), Some(1.0));
        assert_eq!(gateway.metric("gateway_rate_limit_fallbacks_total"), Some(0.0));
    }
}

#[test]
fn the_answers_are_those_of_the_memory() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    for limit in ["requests = 60, per = '1h', burst = 4", "requests = 1, per = '1h'", "requests = 7, per = '1s'"] {
        let [memory, shared] = ["memory", &redis.url()].map(|store| {
            let gateway = Gateway::start(&file(limit, store, &upstream));
            let mut client = gateway.connect();
            (0..6).map(|_| told(&client.get("/"))).collect::<Vec<_>>()
        });
        assert_eq!(shared, memory, "{limit}");
    }
    let gateway = Gateway::start(&file("requests = 1, per = '1h'", &redis.url(), &upstream));
    let refused = gateway.get("/");
    assert_eq!((refused.status(), refused.field("retry-after")), (429, Some("3600")), "of another process's count");
    assert_eq!(refused.json()["code"], "rate_limited");
}

#[test]
fn a_request_that_comes_back_does_so_by_the_clock_of_redis() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let gateway = Gateway::start(&file("requests = 1, per = '600ms'", &redis.url(), &upstream));
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(gateway.get("/").status(), 429);
    eventually("one more", || (gateway.get("/").status() == 200).then_some(()));
    assert_eq!(gateway.metric("gateway_rate_limit_fallbacks_total"), Some(0.0));
}

#[test]
fn callers_are_counted_by_address_header_and_claim_and_none_is_readable() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let signer = Signer::ed("1");
    let jwks = Jwks::of(&[&signer]);
    let route = |path: &str, more: &str, key: &str| {
        format!("{{ match = '{path}', {more} rate_limit = {{ requests = 2, per = '1h', key = '{key}' }} }}")
    };
    let gateway = Gateway::start(&format!(
        "rate_limit.store = '{}/3'\n{}[services.app]\nupstreams = ['{}']\nroutes = [{}, {}, {}]",
        redis.url(),
        jwks.block(""),
        upstream.url(),
        route("/ip", "auth = 'none',", "ip"),
        route("/header", "auth = 'none',", "header:X-Tenant"),
        route("/claim", "", "claim:sub"),
    ))
    .with_keys();
    let token = |sub: &str| signer.token(&serde_json::json!({ "sub": sub }));
    let check = |lines: &str, expected: [u16; 3]| {
        let mut client = gateway.connect();
        assert_eq!([(); 3].map(|()| client.ask(lines).status()), expected, "{lines}");
    };
    check("GET /ip HTTP/1.1", [200, 200, 429]);
    check("GET /header HTTP/1.1\r\nx-tenant: red-tenant", [200, 200, 429]);
    check("GET /header HTTP/1.1\r\nx-tenant: blue-tenant", [200, 200, 429]);
    check(&format!("GET /claim HTTP/1.1\r\nauthorization: Bearer {}", token("joe")), [200, 200, 429]);
    check(&format!("GET /claim HTTP/1.1\r\nauthorization: Bearer {}", token("ann")), [200, 200, 429]);
    // Each in the database that the URL names, none for longer than its count says something.
    assert!(redis.ask(&["KEYS *"]).is_empty());
    let keys: BTreeSet<String> = redis.ask(&["SELECT 3", "KEYS *"]).into_iter().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    for key in &keys {
        let hash = key.strip_prefix("gateway:limit:").unwrap();
        assert!(hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
        let left: u64 = redis.ask(&["SELECT 3", &format!("PTTL {key}")])[0].parse().unwrap();
        assert!((3_000_000..=3_600_001).contains(&left), "{left}");
    }
}

#[test]
fn a_reload_puts_the_counts_there_and_keeps_the_connection() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let limit = "requests = 3, per = '1h'";
    let gateway = Gateway::start(&file(limit, "memory", &upstream));
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(gateway.metric("gateway_rate_limit_store_up"), None);
    let shared = file(limit, &redis.url(), &upstream);
    gateway.reload(&shared, "applied");
    gateway.stderr.find("the change", |line| line.contains("where limits are counted changed").then_some(()));
    let mut client = gateway.connect();
    assert_eq!([(); 4].map(|()| client.get("/").status()), [200, 200, 200, 429], "a count of its own");
    let connections = || redis.ask(&["INFO stats"])[0].split_once("connections_received:").unwrap().1.to_owned();
    let number = |text: String| text.split_whitespace().next().unwrap().parse::<u32>().unwrap();
    let before = number(connections());
    gateway.reload(&format!("server.docs = false\n{shared}"), "applied");
    assert_eq!(client.get("/").status(), 429);
    assert_eq!(number(connections()), before + 1, "only this test has connected");
    gateway.reload(&file(limit, "memory", &upstream), "applied");
    assert_eq!([(); 3].map(|()| client.get("/").status()), [200, 200, 429], "what memory had counted is known still");
}

#[test]
fn who_has_a_password_shows_it_and_nobody_else_sees_it() {
    let acl = ["--user", "joe", "on", "+@all", "~gateway:*", ">p@ss/word", "--requirepass", "hunter2"];
    let Some(redis) = Redis::with(&acl) else { return };
    let upstream = Upstream::ok();
    for (caller, is_right) in [
        (":hunter2", true),
        ("joe:p%40ss/word", true),
        (":wrong-hunter2", false),
        ("joe:wrong-hunter2", false),
        ("", false),
    ] {
        let at = if caller.is_empty() { "" } else { "@" };
        let file =
            file("requests = 5, per = '1h'", &format!("redis://${{CALLER}}{at}127.0.0.1:{}", redis.port), &upstream);
        let gateway = Gateway::with_env(&file, "CALLER", caller);
        assert_eq!(gateway.get("/").status(), 200, "{caller}");
        gateway.wait_metric("gateway_rate_limit_store_up", f64::from(u8::from(is_right)));
        let shown = gateway.admin("/config").text();
        let expected = if caller.is_empty() { "redis://127.0.0.1" } else { "redis://***@127.0.0.1" };
        assert!(shown.contains(expected), "{shown}");
        if !is_right {
            let word = if caller.is_empty() { "NOAUTH" } else { "WRONGPASS" };
            gateway.stderr.find("why", |line| (line.contains("is away") && line.contains(word)).then_some(()));
        }
        let said = format!("{shown}{}", gateway.stderr.all().join("\n"));
        assert!(!said.contains("hunter2") && !said.contains("ss/word"), "{said}");
    }
}

#[test]
fn a_store_is_asked_over_tls_where_its_certificate_is_right() {
    let authority = Authority::new();
    let (right, wrong) = (authority.issue(&["127.0.0.1"]), authority.issue(&["cache.internal"]));
    let upstream = Upstream::ok();
    for (certificate, is_right) in [(&right, true), (&wrong, false)] {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let [cert, key] = [&certificate.cert, &certificate.key].map(|path| path.display().to_string());
        let arguments = [
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "no",
        ]
        .map(str::to_owned);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let Some(redis) = Redis::with(&arguments) else { return };
        let file = file("requests = 1, per = '1h'", &format!("rediss://127.0.0.1:{port}"), &upstream);
        let gateway = Gateway::with_env(&file, "SSL_CERT_FILE", &authority.file().display().to_string());
        assert_eq!([(); 2].map(|()| gateway.get("/").status()), [200, 429]);
        gateway.wait_metric("gateway_rate_limit_store_up", f64::from(u8::from(is_right)));
        assert_eq!(redis.ask(&["KEYS *"]).len(), usize::from(is_right));
    }
}
