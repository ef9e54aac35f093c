use std::collections::HashSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{ADMIN, PASSWORD, Service, post, send};

#[tokio::test]
async fn a_newcomer_registers_and_sees_itself() {
    let service = Service::start().await;
    let body = json!({ "email": "Ada@Example.com", "password": PASSWORD, "name": " Ada " });
    let made = service.post("/users", body).await.is(201);
    let id = made.text("id");
    assert_eq!(made.headers["location"], format!("/users/{id}"));
    assert_eq!(made.text("email"), "Ada@Example.com");
    assert_eq!(made.text("name"), "Ada");
    assert_eq!(made.text("created_at"), "2026-01-15T10:30:00.25Z");
    assert_eq!(made.body.as_object().unwrap().len(), 4, "nothing but the four fields");

    let token = service.token("ada@example.COM").await;
    let seen = service.get_as(&format!("/users/{id}"), &token).await.is(200);
    assert_eq!(seen.body, made.body);
}

#[tokio::test]
async fn an_email_is_unique_without_case() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let body = json!({ "email": "ADA@Example.com", "password": PASSWORD, "name": "Eve" });
    service.post("/users", body).await.fails(409, "email_taken");
    let id = service.register("bob@example.com").await;
    let token = service.token("bob@example.com").await;
    let body = json!({ "email": "Ada@example.com", "name": "Bob" });
    let answer = service.put_as(&format!("/users/{id}"), &token, body).await;
    answer.fails(409, "email_taken");
    // One's own in another case is no one else's.
    let body = json!({ "email": "BOB@example.com", "name": "Bob" });
    service.put_as(&format!("/users/{id}"), &token, body).await.is(200);
}

#[tokio::test]
async fn of_many_that_register_the_same_email_at_once_one_succeeds() {
    for service in Service::on_each().await {
        let mut racers = JoinSet::new();
        for at in 0..20 {
            let email = if at % 2 == 0 { "ada@example.com" } else { "ADA@example.com" };
            let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
            racers.spawn(send(service.router(), post("/users", &body)));
        }
        let mut statuses: Vec<u16> = racers.join_all().await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201);
        assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    }
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let service = Service::start().await;
    let check = async |body: serde_json::Value, fields: &[&str]| {
        let answer = service.post("/users", body.clone()).await;
        answer.fails(400, "validation_failed");
        let errors = answer.body["errors"].as_array().unwrap();
        let named: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{body}");
        assert!(!answer.body.to_string().contains("hunter2"), "{}", answer.body);
    };
    check(json!({}), &["email", "name", "password"]).await;
    check(json!({ "email": null, "name": "", "password": "hunter2" }), &["email", "name", "password"]).await;
    check(json!({ "email": "ada", "name": "Ada", "password": PASSWORD }), &["email"]).await;
    check(json!({ "email": "a@b.example", "name": "a\u{0}b", "password": PASSWORD }), &["name"]).await;
    check(json!({ "email": "a@b.example", "name": "Ada", "password": 12_345_678 }), &["password"]).await;
    check(json!({ "email": ["a@b.example"], "name": "Ada", "password": PASSWORD }), &["email"]).await;
    check(json!(["a@b.example", PASSWORD, "Ada"]), &["body"]).await;
}

#[tokio::test]
async fn a_user_changes_itself_and_nobody_else() {
    let service = Service::start().await;
    let ada = format!("/users/{}", service.register("ada@example.com").await);
    let bob = format!("/users/{}", service.register("bob@example.com").await);
    let token = service.token("ada@example.com").await;
    let change = json!({ "email": "ada@example.org", "name": "Ada L." });

    let changed = service.put_as(&ada, &token, change.clone()).await.is(200);
    assert_eq!((changed.text("email"), changed.text("name")), ("ada@example.org".into(), "Ada L.".into()));
    service.login("ada@example.com", PASSWORD).await.fails(401, "credentials_invalid");
    service.login("ada@example.org", PASSWORD).await.is(200);

    service.put_as(&bob, &token, change.clone()).await.fails(403, "not_yours");
    service.get_as(&bob, &token).await.fails(403, "not_yours");
    // Whether there is such a user is none of a stranger's business.
    let nobody = "/users/01890a5d-ac96-774b-bcce-b302099a8057";
    service.get_as(nobody, &token).await.fails(403, "not_yours");
    service.get(&ada).await.fails(401, "token_missing");
    service.put_as(&ada, &token, json!({ "name": "x" })).await.fails(400, "validation_failed");

    let admin = service.admin_token().await;
    service.put_as(&bob, &admin, json!({ "email": "bob@example.org", "name": "B" })).await.is(200);
    service.get_as(nobody, &admin).await.fails(404, "user_not_found");
    service.get_as("/users/7", &admin).await.fails(404, "user_not_found");
    service.get_as("/users/%ff", &admin).await.fails(404, "user_not_found");
}

#[tokio::test]
async fn the_list_is_the_administrators() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    service.get("/users").await.fails(401, "token_missing");
    let token = service.token("ada@example.com").await;
    service.get_as("/users", &token).await.fails(403, "scope_missing");
    let admin = service.admin_token().await;
    let page = service.get_as("/users", &admin).await.is(200);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 2);
    assert!(page.body["next_cursor"].is_null());
    assert!(!page.body.to_string().contains("argon2"));
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=x", "limit=1&limit=2", "cursor="] {
        service.get_as(&format!("/users?{bad}"), &admin).await.is(400);
    }
}

#[tokio::test]
async fn paging_neither_skips_nor_repeats_while_others_register() {
    let service = Service::start().await;
    for at in 0..7 {
        service.register(&format!("before{at}@example.com")).await;
    }
    let admin = service.admin_token().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for round in 0.. {
        let path = format!("/users?limit=2{cursor}");
        let page = service.get_as(&path, &admin).await.is(200);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["email"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        if round < 3 {
            service.register(&format!("during{round}@example.com")).await;
        }
    }
    let distinct: HashSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    assert_eq!(seen.len(), 1 + 7 + 3, "{seen:?}");
}

#[tokio::test]
async fn the_administrator_is_made_once_and_takes_over_a_squatter() {
    let service = Service::with(&[]).await;
    let service = service.restart().await;
    let admin = service.admin_token().await;
    let page = service.get_as("/users", &admin).await.is(200);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 1);

    let squatted = Service::with(&[("ADMIN_EMAIL", ""), ("ADMIN_PASSWORD", "")]).await;
    squatted.register(ADMIN.0).await;
    let stolen = squatted.login(ADMIN.0, PASSWORD).await.is(200).text("refresh_token");
    let taken = squatted.restart_with(&[("ADMIN_EMAIL", ADMIN.0), ("ADMIN_PASSWORD", ADMIN.1)]).await;
    taken.login(ADMIN.0, PASSWORD).await.fails(401, "credentials_invalid");
    taken.refresh(&stolen).await.fails(401, "refresh_token_invalid");
    let admin = taken.admin_token().await;
    taken.get_as("/users", &admin).await.is(200);
}

#[tokio::test]
async fn identity_headers_are_believed_only_of_the_gateway() {
    const SECRET: &str = "known-to-the-gateway";
    let claimed = |path: &str, id: &str, secret: &str| {
        let request = Request::get(path).header("x-user-id", id).header("x-user-scope", "admin");
        request.header("x-gateway-secret", secret).body(Body::empty()).unwrap()
    };
    let service = Service::with(&[("HOST", "0.0.0.0"), ("GATEWAY_SECRET", SECRET)]).await;
    let id = service.register("ada@example.com").await;
    let path = format!("/users/{id}");
    for forged in ["", "known-to-the-gateway?", "known"] {
        service.send(claimed(&path, &id, forged)).await.fails(401, "token_missing");
    }
    service.send(claimed(&path, &id, SECRET)).await.is(200);
    service.send(claimed("/users", &id, SECRET)).await.is(200);
    service.send(claimed("/users", "7", SECRET)).await.fails(400, "bad_request");
    let token = service.token("ada@example.com").await;
    service.get_as(&path, &token).await.is(200);

    let open = Service::with(&[("HOST", "0.0.0.0")]).await;
    open.send(claimed("/users", &id, "")).await.fails(401, "token_missing");
    let local = Service::start().await;
    local.send(claimed("/users", &id, "")).await.is(200);
}
