//! The newcomer's story against a server that plays the system, and keeps watch over what it is asked.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    binary::Run,
    server::{Reply, Request, Server},
};

/// Answers as SPEC's services do; what no service should ever be asked is 400.
pub(crate) fn system() -> impl Fn(&Request) -> Reply + Send + Sync {
    let ids = AtomicU64::new(1);
    let emails = Mutex::new(HashSet::new());
    let keys = Mutex::new(HashSet::new());
    move |request: &Request| {
        let id = || ids.fetch_add(1, Ordering::Relaxed);
        let ok = |status: u16, body: Value| Reply(status, "content-type: application/json\r\n", body.to_string());
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let place = request.path.split('?').next().unwrap();
        let segments: Vec<&str> = place.split('/').skip(1).collect();
        let email = || body["email"].as_str().unwrap().to_owned();
        let public = matches!(place, "/health" | "/users" | "/auth/login");
        if !public && !request.header("authorization").is_some_and(|token| token.starts_with("Bearer token-")) {
            return ok(401, json!({"code": "token_missing"}));
        }
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["health"]) => ok(200, json!({})),
            ("POST", ["users"]) if emails.lock().unwrap().insert(email()) => ok(201, json!({"id": id()})),
            ("POST", ["auth", "login"]) if emails.lock().unwrap().contains(&email()) => {
                ok(200, json!({"access_token": format!("token-{}", id())}))
            }
            ("POST", ["tasks"] | ["api", "v1", "purchase"]) => {
                let key = request.header("idempotency-key").unwrap().to_owned();
                let fresh = keys.lock().unwrap().insert(key);
                let (id, ticket) = (id(), id());
                ok(if fresh { 201 } else { 422 }, json!({"id": id, "success": true, "ticket_id": ticket}))
            }
            ("GET", ["users" | "tasks", id] | ["api", "v1", "tickets", id])
            | ("POST", ["tasks", id, "complete"])
            | ("DELETE", ["tasks", id]) => ok(if id.parse::<u64>().is_ok() { 200 } else { 400 }, json!({})),
            ("GET", ["tasks" | "notifications"]) => ok(200, json!({"items": [], "next_cursor": null})),
            ("GET", ["api", "v1", "available"]) => ok(200, json!({"qty": 3})),
            _ => ok(400, json!({"code": "unknown", "detail": request.path})),
        }
    }
}

#[test]
fn the_story_passes_and_is_told_by_endpoint() {
    let server = Server::start(system());
    let run = Run::new();
    let ended = run.against(&server, &["--users", "4", "--rate", "200", "--ramp", "0s"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for endpoint in load::mix::Mix::story().endpoints {
        let line = ended.stdout.lines().find(|line| line.trim_start().starts_with(&format!("{endpoint} ")));
        let line = line.unwrap_or_else(|| panic!("{endpoint} is missing:\n{}", ended.stdout));
        assert!(line.contains(" ×"), "{endpoint} was not asked: {line}");
    }
    let all = ended.stdout.lines().find(|line| line.trim_start().starts_with("all ")).unwrap();
    assert_eq!(all.split_whitespace().nth(1), Some("200"), "{all}");
    assert_eq!(server.seen(), 200);
    assert!(ended.stdout.contains("Passed."), "{}", ended.stdout);
    assert!(ended.stdout.contains("load.html") && run.report().exists());
    // No terminal: plain lines, without a bar's control sequences.
    assert!(ended.stderr.contains("4 users · 200 steps/s") && !ended.stderr.contains('\x1b'), "{}", ended.stderr);
}

#[test]
fn plain_lines_tell_the_progress() {
    let server = Server::start(system());
    let ended = Run::new().run(&["--url", &server.url(), "--duration", "3s", "--rate", "50", "--timeout", "60s"]);
    let lines = ended.stderr.lines().filter(|line| line.contains(" answered")).count();
    assert!(lines >= 2, "{}", ended.stderr);
}

#[test]
fn values_of_answers_reach_later_requests() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = Server::start(move |request: &Request| {
        if request.path != "/health" {
            seen.lock().unwrap().push((request.path.clone(), request.body.clone()));
        }
        Reply(200, "", json!({"id": "a/b", "deep": [{"n": 7}]}).to_string())
    });
    let run = Run::new();
    let mix = "
        [[step]]
        method = 'POST'
        path = '/make'
        capture = { id = '/id', n = '/deep/0/n' }
        [[step]]
        method = 'PUT'
        path = '/things/{id}?n={n}'
        headers = { x-id = '{id}' }
        json = { n = '{n}', text = 'number {n}', list = [1, true, '{{}}'] }";
    let mix = run.file("mix.toml", mix);
    let ended = run.against(&server, &["--mix", mix.to_str().unwrap(), "--users", "1", "--rate", "4"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0], ("/make".to_owned(), String::new()));
    assert_eq!(asked[1].0, "/things/a%2Fb?n=7");
    let body: Value = serde_json::from_str(&asked[1].1).unwrap();
    assert_eq!(body, json!({"n": 7, "text": "number 7", "list": [1, true, "{}"]}));
}
