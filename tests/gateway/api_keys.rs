//! API keys: where they are shown, whose they are, and that they go no further.
use e2e::{Gateway, Message, Run, Upstream, eventually, ok, service, with_body, write_file};

use crate::upstream_faults::code;

/// The SHA-256 of `gwk_ci` and of `gwk_cd`.
const CI: &str = "f9e19a5bbc98cbb74e8a110ffd04178fb9d3df41745a6e76d6c7e0f507958a2e";
const CD: &str = "8ef6a5baa11a230e387def81b23ded86d3910fd9bda8c345b888191e466b799a";

/// An issuer, and a token of its: `{"iss":"test","sub":"7","scope":"tasks:read","exp":4102444800}`.
const ISSUER: &str =
    "[[jwt]]\nissuer = 'test'\nsecret = '0123456789abcdef0123456789abcdef'\nclaims = { sub = 'X-Sub' }\n";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ0ZXN0Iiwic3ViIjoiNyIsInNjb3BlIjoidGFza3M6cmVhZCIsImV4cCI6NDEwMjQ0NDgwMH0.x6UhaXUc9fhqw2-aRMc_SBPWSrhnkYqSM1dtNV1gxuA";

/// A block whose keys are shown in a field, one whose are shown in a parameter.
fn blocks() -> String {
    format!(
        "[[api_key]]\nheader = 'X-Api-Key'\nclaims = {{ name = 'X-Api-Client', scope = 'X-Api-Scope' }}\n\
         keys = [{{ name = 'ci', sha256 = '{CI}', scopes = ['tasks:write', 'tasks:read'] }}]\n\
         [[api_key]]\nquery = 'api_key'\nclaims.name = 'X-Api-Client'\nkeys = {{ name = 'cd', sha256 = '{CD}' }}\n"
    )
}

const ROUTES: &str = "routes = [
  '/',
  { match = '/open', auth = 'none' },
  { match = '/maybe', auth = 'optional' },
  { match = '/write', scopes = 'tasks:write' },
]";

fn keyed(upstream: &Upstream) -> Gateway {
    Gateway::start(&format!("{}{}", blocks(), service("app", &[upstream], ROUTES)))
}

fn with_token_too(upstream: &Upstream) -> Gateway {
    Gateway::start(&format!("{ISSUER}{}{}", blocks(), service("app", &[upstream], ROUTES)))
}

fn show(gateway: &Gateway, target: &str, fields: &str) -> Message {
    gateway.ask(&format!("GET {target} HTTP/1.1\r\n{fields}"))
}

#[test]
fn a_key_in_its_field_passes_and_says_who_calls() {
    let upstream = Upstream::ok();
    let gateway = keyed(&upstream);
    assert_eq!(show(&gateway, "/a?x=%2f", "X-API-Key: gwk_ci\r\nx-api-client: root\r\nX_Api_Scope: all").status(), 200);
    let request = upstream.last();
    assert_eq!(request.start, "GET /a?x=%2f HTTP/1.1");
    assert_eq!(
        (request.field("x-api-client"), request.field("x-api-scope")),
        (Some("ci"), Some("tasks:write tasks:read"))
    );
    for name in ["x-api-key", "x_api_scope"] {
        assert_eq!(request.field(name), None, "{name}");
    }
}

#[test]
fn a_key_in_the_query_passes_and_is_cut_out_of_it() {
    let upstream = Upstream::ok();
    let gateway = keyed(&upstream);
    for (shown, forwarded) in [
        ("/a?api_key=gwk_cd", "/a"),
        ("/a?x=%2f&&api_key=gwk_cd&y='", "/a?x=%2f&&y='"),
        ("/a?api%5Fkey=gwk%5fcd&x", "/a?x"),
        ("/a?x=\u{fc}&api_key=gwk_cd", "/a?x=\u{fc}"),
        ("/a?api_key=gwk_cd&x=\"", "/a?x=\""),
    ] {
        assert_eq!(gateway.get(shown).status(), 200, "{shown}");
        assert_eq!((upstream.last().target(), upstream.last().field("x-api-client")), (forwarded, Some("cd")));
    }
}

#[test]
fn without_a_good_key_nobody_passes() {
    let upstream = Upstream::ok();
    let gateway = keyed(&upstream);
    let answer = gateway.get("/");
    assert_eq!(code(&answer), (401, "token_missing".into()));
    assert_eq!(answer.all("www-authenticate"), ["ApiKey realm=\"gateway\""]);
    let long = format!("x-api-key: {}", "k".repeat(4096));
    for (target, fields) in [
        ("/x", "x-api-key: gwk_no"),
        ("/x", "x-api-key:"),
        ("/x", long.as_str()),
        // A key is good in its own place alone.
        ("/x", "x-api-key: gwk_cd"),
        ("/x?api_key=gwk_ci", "x-a: 1"),
        ("/x?api_key", "x-a: 1"),
        ("/maybe", "x-api-key: gwk_no"),
        // The hash is no key.
        ("/x", &format!("x-api-key: {CI}")),
    ] {
        let answer = show(&gateway, target, fields);
        assert_eq!(code(&answer), (401, "api_key_unknown".into()), "{target} {fields}");
        assert_eq!(answer.all("www-authenticate"), ["ApiKey realm=\"gateway\""]);
        assert!(!answer.text().contains("gwk_"), "{}", answer.text());
    }
    for (target, fields) in [
        ("/", "x-api-key: gwk_ci\r\nx-api-key: gwk_ci"),
        ("/?api_key=gwk_cd&api%5fkey=gwk_cd", "x-a: 1"),
        ("/?api_key=gwk_cd", "x-api-key: gwk_ci"),
    ] {
        assert_eq!(code(&show(&gateway, target, fields)), (400, "bad_request".into()), "{target} {fields}");
    }
    assert_eq!(upstream.requests(), []);
    let sample = "route=\"/\",service=\"app\",status=\"401\",code=\"api_key_unknown\"";
    gateway.wait_metric(&format!("gateway_requests_total{{{sample}}}"), 7.0);
}

#[test]
fn scopes_are_those_of_the_key() {
    let upstream = Upstream::ok();
    let gateway = keyed(&upstream);
    assert_eq!(show(&gateway, "/write", "x-api-key: gwk_ci").status(), 200);
    assert_eq!(code(&gateway.get("/write?api_key=gwk_cd")), (403, "scope_missing".into()));
    assert_eq!(upstream.requests().len(), 1);
}

/// Where nobody is asked, a key is none of the service's business either.
#[test]
fn a_key_goes_no_further_wherever_it_is_shown() {
    let upstream = Upstream::ok();
    let gateway = keyed(&upstream);
    for target in ["/open", "/maybe"] {
        assert_eq!(gateway.get(target).status(), 200);
        assert_eq!(upstream.last().field("x-api-client"), None);
    }
    let fields = "x-api-key: gwk_ci\r\nx-api-key: gwk_no\r\nX_Api_Key: gwk_ci";
    assert_eq!(show(&gateway, "/open?a&api%5Fkey=gwk_cd", fields).status(), 200);
    let request = upstream.last();
    assert_eq!(request.target(), "/open?a");
    assert!(!format!("{request:?}").contains("gwk_"), "{request:?}");
    let mut client = gateway.connect();
    let head = "POST /open HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(format!("{head}0\r\nx-api-key: gwk_ci\r\nx-sum: 1\r\n\r\n"));
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    assert_eq!(upstream.last().trailers, [("x-sum".into(), "1".into())]);
}

#[test]
fn no_key_is_ever_logged_or_shown() {
    let upstream = Upstream::ok();
    let mut gateway = keyed(&upstream);
    show(&gateway, "/logged?api_key=gwk_cd", "accept: a/b");
    show(&gateway, "/logged?api_key=gwk_no", "x-api-key: gwk_ci");
    let config = gateway.admin("/config").text();
    assert!(!config.contains(CI) && !config.contains(CD) && config.contains("\"ci\""), "{config}");
    eventually("both are logged", || (gateway.log().len() == 2).then_some(()));
    let logged = format!("{:?}{:?}", gateway.log(), gateway.stderr.all());
    assert!(!logged.contains("gwk_") && !logged.contains(CI), "{logged}");
    assert!(gateway.is_running());
}

#[test]
fn an_authoriser_sees_whose_key_it_was_and_not_the_key() {
    let (authoriser, upstream) = (Upstream::answering(|_| with_body("403 Forbidden", b"")), Upstream::ok());
    let asks = format!("forward_auth = '{}/verify'", authoriser.url());
    let gateway = Gateway::start(&format!("{}{}", blocks(), service("app", &[&upstream], &asks)));
    show(&gateway, "/a?b&api_key=gwk_cd", "X_Api_Key: gwk_ci");
    let question = authoriser.last();
    assert_eq!((question.field("x-forwarded-uri"), question.field("x-api-client")), (Some("/a?b"), Some("cd")));
    assert!(!format!("{question:?}").contains("gwk_"), "{question:?}");
    // Whoever may not pass by his key is not asked about.
    gateway.get("/a?api_key=gwk_no");
    assert_eq!((authoriser.requests().len(), upstream.connections()), (1, 0));
}

#[test]
fn beside_tokens_either_passes_and_both_must_be_good() {
    let upstream = Upstream::ok();
    let gateway = with_token_too(&upstream);
    let answer = gateway.get("/");
    assert_eq!(code(&answer), (401, "token_missing".into()));
    assert_eq!(answer.all("www-authenticate"), ["Bearer realm=\"gateway\"", "ApiKey realm=\"gateway\""]);
    let (key, token) = ("x-api-key: gwk_ci", format!("authorization: Bearer {TOKEN}"));
    assert_eq!(show(&gateway, "/", key).status(), 200);
    assert_eq!((upstream.last().field("x-sub"), upstream.last().field("x-api-client")), (None, Some("ci")));
    assert_eq!(show(&gateway, "/", &token).status(), 200);
    assert_eq!((upstream.last().field("x-sub"), upstream.last().field("x-api-client")), (Some("7"), None));
    // The token says who it is, and what is permitted.
    assert_eq!(show(&gateway, "/", &format!("{key}\r\n{token}")).status(), 200);
    assert_eq!((upstream.last().field("x-sub"), upstream.last().field("x-api-client")), (Some("7"), None));
    assert_eq!(upstream.last().field("x-api-key"), None);
    assert_eq!(code(&show(&gateway, "/write", &format!("{key}\r\n{token}"))), (403, "scope_missing".into()));
    let seen = upstream.requests().len();
    let bad_token = show(&gateway, "/", &format!("{key}\r\nauthorization: Bearer a.b"));
    assert_eq!(code(&bad_token), (401, "token_malformed".into()));
    let bad_key = show(&gateway, "/", &format!("x-api-key: gwk_no\r\n{token}"));
    assert_eq!(code(&bad_key), (401, "api_key_unknown".into()));
    assert_eq!(upstream.requests().len(), seen);
}

/// The key alone on stdout, for a pipe; what the file needs on stderr.
#[test]
fn the_command_makes_a_key_that_the_file_takes() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::of(folder.path(), &["api-key", "ci"]);
    let key = run.stdout.trim();
    assert_eq!((run.code, run.stdout.lines().count(), key.len()), (Some(0), 1, 47), "{run:?}");
    assert!(key.starts_with("gwk_") && !run.stderr.contains(key), "{run:?}");
    assert_ne!(Run::of(folder.path(), &["api-key", "ci"]).stdout.trim(), key);
    let line = run.stderr.lines().find(|line| line.trim_start().starts_with("{ name = \"ci\", sha256 = \"")).unwrap();
    let upstream = Upstream::answering(|_| ok());
    let block = format!("[[api_key]]\nheader = 'X-Api-Key'\nkeys = [{line}]\n");
    let gateway = Gateway::start(&format!("{block}{}", service("app", &[&upstream], "")));
    assert_eq!(show(&gateway, "/", &format!("x-api-key: {key}")).status(), 200);
    for name in ["", "a b", "\"", &"a".repeat(65)] {
        let run = Run::of(folder.path(), &["api-key", name]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{name:?} {run:?}");
    }
}

/// Whoever writes the key itself where its hash should be is told so, without seeing it again.
#[test]
fn a_key_in_the_place_of_its_hash_is_never_printed() {
    let keys = "keys = [{ name = 'ci', sha256 = 'gwk_hunter2' }]";
    let (folder, _) = write_file(&format!("[[api_key]]\nheader = 'X-Api-Key'\n{keys}\n{}", service("a", &[], "")));
    let run = Run::of(folder.path(), &["check"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("bad_api_key") && !run.stderr.contains("hunter2"), "{}", run.stderr);
}
