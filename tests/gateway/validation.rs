//! SPEC, issue 4: types of bodies, fields that have to be there, and a JSON Schema. What is refused never reaches an
//! upstream; what passes is sent on as it came.
use std::fs;

use e2e::{Gateway, Message, Run, Upstream, eventually, write_file};
use serde_json::{Value, json};
use tempfile::TempDir;

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "email": { "type": "string", "format": "email" },
    "age": { "type": "integer", "minimum": 0 },
    "tags": { "type": "array", "items": { "type": "string", "pattern": "^[a-z]+$" } }
  },
  "required": ["email"],
  "additionalProperties": false
}"#;

fn echo() -> Upstream {
    Upstream::answering(|request| e2e::with_body("200 OK", &request.body))
}

/// A gateway whose route `/users` has the schema, with these further keys of the route.
struct Checked {
    gateway: Gateway,
    upstream: Upstream,
    _folder: TempDir,
}

impl Checked {
    fn new(server: &str, schema: &str, keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("user.json");
        fs::write(&file, SCHEMA).unwrap();
        let (upstream, schema) = (echo(), schema.replace("FILE", &format!("'{}'", file.display())));
        let routes = format!("routes = ['/', {{ match = '/users', schema = {schema}{keys} }}]");
        Self { gateway: Gateway::with(server, &upstream, &routes), upstream, _folder: folder }
    }

    fn plain() -> Self {
        Self::new("", "FILE", "")
    }

    fn post(&self, body: &[u8]) -> Message {
        post(&self.gateway, "/users", "\r\ncontent-type: application/json", body)
    }

    /// The same in one chunk, and nothing after it.
    fn post_chunk(&self, body: &[u8]) -> Message {
        let mut client = self.gateway.connect();
        client.send("POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
        client.send(format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len()));
        client.send([body, b"\r\n"].concat());
        client.answer_to("POST").unwrap()
    }
}

/// `POST target` with a body of a declared length.
fn post(gateway: &Gateway, target: &str, more: &str, body: &[u8]) -> Message {
    let mut client = gateway.connect();
    client.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: {}{more}\r\n\r\n", body.len()));
    client.send(body);
    client.answer_to("POST").unwrap()
}

#[track_caller]
fn is_refused(answer: &Message, status: u16, code: &str) -> Value {
    let problem = answer.json();
    assert_eq!((answer.status(), &problem["code"]), (status, &code.into()), "{problem}");
    assert_eq!(answer.field("content-type"), Some("application/problem+json"));
    problem
}

#[test]
fn a_body_has_a_type_that_the_route_takes() {
    let upstream = echo();
    let gateway = Gateway::with("", &upstream, "content_types = ['application/json', 'text/*']");
    for kind in
        ["", "\r\ncontent-type: image/png", "\r\ncontent-type: application/problem+json", "\r\ncontent-type: text"]
    {
        let answer = post(&gateway, "/", kind, b"{}");
        is_refused(&answer, 415, "content_type_unsupported");
        assert_eq!(answer.field("accept"), Some("application/json, text/*"));
    }
    let twice = "\r\ncontent-type: text/a\r\ncontent-type: text/b";
    is_refused(&post(&gateway, "/", twice, b"{}"), 415, "content_type_unsupported");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    is_refused(&client.answer_to("POST").unwrap(), 415, "content_type_unsupported");
    assert_eq!(upstream.connections(), 0);
    for kind in ["application/json", "APPLICATION/Json; charset=utf-16", "text/html;a=b"] {
        let answer = post(&gateway, "/", &format!("\r\ncontent-type: {kind}"), b"{}");
        assert_eq!((answer.status(), answer.text().as_str()), (200, "{}"), "{kind}");
    }
    // Without a body there is nothing to have a type.
    for line in
        ["GET / HTTP/1.1", "POST / HTTP/1.1\r\ncontent-length: 0", "DELETE / HTTP/1.1\r\ncontent-type: image/png"]
    {
        assert_eq!(gateway.ask(line).status(), 200, "{line}");
    }
}

/// A body of undeclared length that ends before its first byte is none.
#[test]
fn an_empty_chunked_body_is_no_body() {
    let upstream = echo();
    let typed = Gateway::with("", &upstream, "content_types = 'application/json'");
    let checked = Checked::plain();
    let json = "content-type: application/json\r\n";
    for (gateway, line, expected) in [
        (&typed, "POST / HTTP/1.1\r\n", 200),
        (&checked.gateway, "GET /users HTTP/1.1\r\n", 200),
        (&checked.gateway, "DELETE /users HTTP/1.1\r\ncontent-type: application/json\r\n", 200),
        (&checked.gateway, "POST /users HTTP/1.1\r\n", 422),
        (&checked.gateway, &format!("POST /users HTTP/1.1\r\n{json}"), 422),
    ] {
        let mut client = gateway.connect();
        client.send(format!("{line}host: a\r\ntransfer-encoding: chunked\r\n\r\n"));
        client.send("0\r\n\r\n");
        let answer = client.answer_to("POST").unwrap();
        assert_eq!(answer.status(), expected, "{line}");
        if expected == 422 {
            let problem = is_refused(&answer, 422, "body_invalid");
            assert_eq!(problem["errors"], json!([{ "pointer": "", "detail": "is missing" }]), "{line}");
        }
        assert_eq!(client.get("/").status(), 200, "the connection goes on");
    }
    // Who waits for a 100 has a body, and is told before it is sent.
    let mut client = typed.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n");
    is_refused(&client.answer_to("POST").unwrap(), 415, "content_type_unsupported");
}

#[test]
fn a_field_that_is_asked_for_must_be_there() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "required_headers = ['X-Tenant', 'X-Trace']");
    for fields in ["x-trace: 1", "x-tenant:\r\nx-trace: 1", "x-tenant: \t \r\nx-trace: 1", "x_tenant: 1\r\nx-trace: 1"]
    {
        let problem = is_refused(&gateway.ask(&format!("GET / HTTP/1.1\r\n{fields}")), 400, "header_missing");
        assert!(problem["detail"].as_str().unwrap().contains("`x-tenant`"), "{problem}");
    }
    assert_eq!(upstream.connections(), 0);
    assert_eq!(gateway.ask("GET / HTTP/1.1\r\nX-TENANT: 0\r\nx-trace: 1").status(), 200);
}

#[test]
fn a_route_says_otherwise_than_its_service() {
    let upstream = echo();
    let keys = "content_types = 'text/plain'\nrequired_headers = 'X-A'\n\
                routes = ['/a', { match = '/b', content_types = false, required_headers = false },\n\
                { match = '/c', content_types = 'image/png', required_headers = 'X-C' }]";
    let gateway = Gateway::with("", &upstream, keys);
    let status = |target: &str, more: &str| post(&gateway, target, more, b"x").status();
    assert_eq!((status("/a", ""), status("/b", "")), (400, 200));
    assert_eq!(status("/a", "\r\nx-a: 1\r\ncontent-type: text/plain"), 200);
    assert_eq!(status("/c", "\r\nx-a: 1\r\ncontent-type: text/plain"), 400);
    assert_eq!(status("/c", "\r\nx-c: 1\r\ncontent-type: text/plain"), 415);
    assert_eq!(status("/c", "\r\nx-c: 1\r\ncontent-type: image/png"), 200);
}

#[test]
fn a_body_that_the_schema_refuses_is_422_and_goes_nowhere() {
    let checked = Checked::plain();
    let answer = checked.post(br#"{ "email": "hunter2", "age": -1, "tags": ["a", "B1"], "admin": true }"#);
    let problem = is_refused(&answer, 422, "body_invalid");
    let mut errors = problem["errors"].as_array().unwrap().clone();
    errors.sort_by_key(|error| error["pointer"].as_str().unwrap().to_owned());
    assert_eq!(
        Value::Array(errors),
        json!([
            { "pointer": "/admin", "detail": "is not known here" },
            { "pointer": "/age", "detail": "must be at least 0" },
            { "pointer": "/email", "detail": "must be of the format `email`" },
            { "pointer": "/tags/1", "detail": "must match `^[a-z]+$`" },
        ])
    );
    assert!(!answer.text().contains("hunter2") && !answer.text().contains("B1"), "no value is repeated");
    assert_eq!((&problem["title"], &problem["status"]), (&"Unprocessable Entity".into(), &422.into()));
    assert!(!answer.closes(), "all of the body was read");
    assert!(answer.field("proxy-status").unwrap().contains("http_request_error"));
    let missing = is_refused(&checked.post(b"{}"), 422, "body_invalid");
    assert_eq!(missing["errors"], json!([{ "pointer": "/email", "detail": "is missing" }]));
    assert_eq!(missing["detail"], "`/email` of the body is missing.");
    let whole = is_refused(&checked.post(b"[]"), 422, "body_invalid");
    assert_eq!(whole["errors"], json!([{ "pointer": "", "detail": "must be an object" }]));
    assert_eq!(checked.gateway.logged("/users")["code"], "body_invalid");
    assert_eq!(checked.upstream.connections(), 0);
}

#[test]
fn what_has_two_readings_is_refused() {
    let checked = Checked::plain();
    for (body, detail) in [
        (&b"{\"email\": \"a@b.c\""[..], "is not JSON"),
        (b"{\"email\": \"a@b.c\"}{}", "is not JSON"),
        (b"{\"email\": \"a@b.c\",}", "is not JSON"),
        (b"{\"email\": \"a\xff@b.c\"}", "is not JSON"),
        (b"\xef\xbb\xbf{\"email\": \"a@b.c\"}", "is not JSON"),
        (b"{\"email\": \"a@b.c\", \"email\": \"x@b.c\"}", "has a name twice in one object"),
        (b"{\"email\": \"a@b.c\", \"\\u0065mail\": \"x@b.c\"}", "has a name twice in one object"),
        (&[b'['; 65], "is nested more than 64 levels deep"),
    ] {
        let problem = is_refused(&checked.post(body), 422, "body_invalid");
        let told = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(told.starts_with(detail) && problem["errors"][0]["pointer"] == "", "{}: {told}", body.escape_ascii());
    }
    assert_eq!(checked.upstream.connections(), 0);
}

const GOOD: &[u8] = b"{ \"email\":\t\"a@b.c\", \"age\": 1.0e1 }\n";

#[test]
fn a_good_body_goes_on_byte_for_byte() {
    let checked = Checked::plain();
    let answer = checked.post(GOOD);
    assert_eq!((answer.status(), answer.body.as_slice()), (200, GOOD));
    let seen = checked.upstream.last();
    assert_eq!((seen.body.as_slice(), seen.field("transfer-encoding")), (GOOD, None));
    assert_eq!(seen.field("content-length"), Some(&*GOOD.len().to_string()));
    assert_eq!(seen.field("content-type"), Some("application/json"));
    assert_eq!(checked.gateway.logged("/users")["bytes_in"], GOOD.len());
}

#[test]
fn chunks_become_a_length_and_trailers_are_dropped() {
    let checked = Checked::plain();
    let mut client = checked.gateway.connect();
    client.send(
        "POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\
         trailer: x-sum\r\n\r\n",
    );
    for piece in GOOD.chunks(5) {
        client.send(format!("{:x}\r\n{}\r\n", piece.len(), str::from_utf8(piece).unwrap()));
    }
    client.send("0\r\nx-sum: 1\r\n\r\n");
    assert_eq!(client.answer_to("POST").unwrap().body, GOOD);
    let seen = checked.upstream.last();
    assert_eq!((seen.body.as_slice(), seen.field("transfer-encoding")), (GOOD, None));
    assert_eq!(seen.field("content-length"), Some(&*GOOD.len().to_string()));
    assert_eq!((seen.trailers.len(), seen.field("trailer")), (0, None));
    assert_eq!(client.get("/next").status(), 200, "the connection goes on");
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let checked = Checked::plain();
    let mut client = checked.gateway.connect();
    let head = format!(
        "POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        GOOD.len()
    );
    client.send(&head);
    assert_eq!(client.head().unwrap().status(), 100);
    assert_eq!(checked.upstream.connections(), 0);
    client.send(GOOD);
    assert_eq!(client.head().unwrap().status(), 200);
    let seen = checked.upstream.last();
    assert_eq!((seen.body.as_slice(), seen.field("expect")), (GOOD, None));
    // Refused by its head alone, it is never asked for.
    let mut client = checked.gateway.connect();
    client.send(head.replace("application/json", "text/plain"));
    assert_eq!(client.head().unwrap().status(), 415);
}

#[test]
fn interim_answers_still_come_through() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("any.json"), "true").unwrap();
    let upstream = Upstream::scripted(|conn| {
        while conn.receive().is_some() {
            conn.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
            conn.send(e2e::ok());
        }
    });
    let routes = format!("routes = [{{ match = '/', schema = '{}' }}]", folder.path().join("any.json").display());
    let gateway = Gateway::with("", &upstream, &routes);
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
    assert_eq!(client.head().unwrap().status(), 103);
    assert_eq!(client.answer_to("POST").unwrap().text(), "ok");
}

#[test]
fn a_schema_asks_for_json() {
    let checked = Checked::plain();
    for more in [
        "",
        "\r\ncontent-type: text/plain",
        "\r\ncontent-type: application/json; charset=utf-16",
        "\r\ncontent-type: application/json\r\ncontent-type: application/json",
    ] {
        let answer = post(&checked.gateway, "/users", more, GOOD);
        is_refused(&answer, 415, "content_type_unsupported");
        assert_eq!(answer.field("accept"), Some("application/json"), "{more}");
    }
    let coded = "\r\ncontent-type: application/json\r\ncontent-encoding: gzip";
    let answer = post(&checked.gateway, "/users", coded, GOOD);
    is_refused(&answer, 415, "content_type_unsupported");
    assert_eq!(answer.field("accept-encoding"), Some("identity"));
    assert_eq!(checked.upstream.connections(), 0);
    let answer = post(&checked.gateway, "/users", "\r\ncontent-type: application/merge-patch+json;charset=UTF-8", GOOD);
    assert_eq!(answer.status(), 200);
}

#[test]
fn a_request_that_means_to_send_something_needs_a_body() {
    let checked = Checked::plain();
    for line in ["GET /users", "HEAD /users", "DELETE /users", "OPTIONS /users"] {
        assert_eq!(checked.gateway.ask(&format!("{line} HTTP/1.1")).status(), 200, "{line}");
    }
    let seen = checked.upstream.requests().len();
    for line in ["POST /users", "PUT /users", "PATCH /users"] {
        let problem = is_refused(&checked.gateway.ask(&format!("{line} HTTP/1.1")), 422, "body_invalid");
        assert_eq!(problem["detail"], "The body is missing.");
    }
    assert_eq!(checked.upstream.requests().len(), seen);
}

#[test]
fn no_more_is_held_than_is_allowed() {
    let checked = Checked::new("", "{ file = FILE, max_body = '32B' }", "");
    assert_eq!(checked.post(b"{\"email\":\"a@b.c\"}").status(), 200);
    let long = [GOOD, b"  "].concat();
    is_refused(&checked.post(&long), 413, "body_too_large");
    is_refused(&checked.post_chunk(&long), 413, "body_too_large");
    assert_eq!(checked.upstream.requests().len(), 1);
    // The route's own limit holds beside it.
    let checked = Checked::new("", "FILE", ", limits.body = '16B'");
    is_refused(&checked.post(b"{\"email\":\"a@b.c\"}"), 413, "body_too_large");
    is_refused(&checked.post_chunk(b"{\"email\":\"a@b.c\"}"), 413, "body_too_large");
    // By default it is 64 KiB.
    let checked = Checked::plain();
    let padded = |length: usize| [GOOD, &vec![b' '; length - GOOD.len()]].concat();
    assert_eq!(checked.post(&padded(64 << 10)).status(), 200);
    is_refused(&checked.post(&padded((64 << 10) + 1)), 413, "body_too_large");
    assert_eq!(post(&checked.gateway, "/other", "", &padded(65 << 10)).status(), 200, "other routes are as they were");
}

#[test]
fn a_body_that_stalls_or_breaks_is_the_clients_fault() {
    let checked = Checked::new("server.timeouts.body_idle = '300ms'", "FILE", "");
    let mut client = checked.gateway.connect();
    client.send("POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{");
    is_refused(&client.answer_to("POST").unwrap(), 408, "request_timeout");
    let mut client = checked.gateway.connect();
    client.send(
        "POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
    );
    is_refused(&client.answer_to("POST").unwrap(), 400, "bad_request");
    let mut client = checked.gateway.connect();
    client
        .send("POST /users?gone HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{");
    drop(client);
    eventually("a log line of the client that went", || {
        checked.gateway.log().iter().any(|line| line["status"] == 499).then_some(())
    });
    assert_eq!(checked.upstream.connections(), 0);
}

/// A hostile body costs a bounded time, and its answer is bounded too.
#[test]
fn a_hostile_body_gets_a_small_answer() {
    let checked = Checked::plain();
    let names: Vec<String> = (0..4000).map(|at| format!("\"n{at}\":[]")).collect();
    let many = format!("{{{}}}", names.join(","));
    let tags = format!("{{\"email\":\"a@b.c\",\"tags\":[{}]}}", vec!["0"; 30_000].join(","));
    let long = format!("{{\"{}\":0}}", "n".repeat(60_000));
    for body in [many, tags, long, "[".repeat(64 << 10)] {
        let answer = checked.post(body.as_bytes());
        let problem = is_refused(&answer, 422, "body_invalid");
        assert!(problem["errors"].as_array().unwrap().len() <= 10 && answer.body.len() < 4096, "{}", answer.body.len());
    }
}

#[test]
fn a_schemas_file_is_seen_from_the_configurations_folder() {
    let service = |schema: &str| {
        format!("[services.a]\nupstreams = 'http://a'\nroutes = [{{ match = '/a', schema = '{schema}' }}]\n")
    };
    let (folder, _) = write_file(&service("schemas/user.json"));
    let check = |arguments: &[&str]| Run::of(folder.path(), arguments);
    let run = check(&["check"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("file_missing") && run.stderr.contains("gateway.toml:3:"), "{}", run.stderr);
    fs::create_dir(folder.path().join("schemas")).unwrap();
    fs::write(folder.path().join("schemas/user.json"), SCHEMA).unwrap();
    assert_eq!(check(&["check"]).code, Some(0));
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/gateway.toml"), service("../schemas/user.json")).unwrap();
    assert_eq!(check(&["check", "--config", "sub/gateway.toml"]).code, Some(0));
    for (text, why) in [("{", "not JSON"), ("{\"type\": 5}", "at /type"), ("{\"$ref\": \"b.json\"}", "b.json")] {
        fs::write(folder.path().join("schemas/user.json"), text).unwrap();
        let run = check(&["check"]);
        assert_eq!(run.code, Some(1), "{text}");
        let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("bad_schema") && told.contains(why), "{told}");
    }
    assert_eq!(check(&["run"]).code, Some(2));
}
