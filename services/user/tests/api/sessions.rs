use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Service, post, send};

#[tokio::test]
async fn a_login_gives_a_token_that_says_who() {
    let service = Service::start().await;
    let id = service.register("Ada@example.com").await;
    let tokens = service.login("ada@example.com", PASSWORD).await.is(200);
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 900);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let claims = service.verify(&tokens.text("access_token")).await.is(200).body;
    assert_eq!(claims["sub"], id);
    assert_eq!(claims["email"], "Ada@example.com");
    assert_eq!(claims["iss"], "user-service");
    assert_eq!(claims["aud"], "api");
    assert_eq!(claims["scope"], "");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert!(claims["jti"].is_string());
    let admin = service.admin_token().await;
    assert_eq!(service.verify(&admin).await.body["scope"], "admin");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_are_answered_alike() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong horse battery"),
        ("nobody@example.com", PASSWORD),
        ("no e-mail at all", PASSWORD),
        ("ada@example.com' OR '1'='1", PASSWORD),
        ("ada@example.com", ""),
    ] {
        let mut answer = service.login(email, password).await;
        answer.fails(401, "credentials_invalid");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answer.body["request_id"].take();
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    service.post("/auth/login", json!({ "email": "a@b.c" })).await.fails(400, "validation_failed");
}

#[tokio::test]
async fn a_token_expires() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let token = service.token("ada@example.com").await;
    service.clock.advance(899);
    service.verify(&token).await.is(200);
    service.clock.advance(1);
    service.verify(&token).await.fails(401, "token_expired");
    let answer = service.get_as("/users", &token).await;
    answer.fails(401, "token_expired");
    assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn a_tampered_token_is_refused() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let token = service.token("ada@example.com").await;
    let parts: Vec<&str> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["scope"] = "admin".into();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = json!({ "alg": "none", "kid": header["kid"] });
    let hmac = json!({ "alg": "HS256", "kid": header["kid"] });
    let stranger = json!({ "alg": "EdDSA", "kid": "stranger" });
    for (token, code) in [
        (format!("{}.{}.{}", parts[0], encode(&claims), parts[2]), "token_signature"),
        (format!("{}.{}.", parts[0], encode(&claims)), "token_signature"),
        (format!("{}.{}.", encode(&none), encode(&claims)), "token_algorithm"),
        (format!("{}.{}.{}", encode(&hmac), parts[1], parts[2]), "token_algorithm"),
        (format!("{}.{}.{}", encode(&stranger), parts[1], parts[2]), "token_key_unknown"),
        (format!("{}.{}", parts[0], parts[1]), "token_malformed"),
        ("x".repeat(100_000), "token_malformed"),
        ("é.é.é".to_owned(), "token_malformed"),
        (String::new(), "token_malformed"),
    ] {
        service.verify(&token).await.fails(401, code);
    }
    service.post("/auth/verify", json!({})).await.fails(400, "validation_failed");
    let twice = Request::get("/users")
        .header("authorization", format!("Bearer {token}"))
        .header("authorization", format!("Bearer {token}"));
    service.send(twice.body(Body::empty()).unwrap()).await.fails(400, "bad_request");
}

#[tokio::test]
async fn refreshing_rotates_and_reuse_revokes_the_family() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let first = service.login("ada@example.com", PASSWORD).await.is(200).text("refresh_token");
    let other = service.login("ada@example.com", PASSWORD).await.is(200).text("refresh_token");
    let second = service.refresh(&first).await.is(200);
    service.verify(&second.text("access_token")).await.is(200);
    let third = service.refresh(&second.text("refresh_token")).await.is(200).text("refresh_token");
    assert_ne!(first, third);

    service.refresh(&first).await.fails(401, "refresh_token_invalid");
    service.refresh(&third).await.fails(401, "refresh_token_invalid");
    // Another login is another family.
    service.refresh(&other).await.is(200);
    service.refresh("never was one").await.fails(401, "refresh_token_invalid");
    service.refresh("").await.fails(401, "refresh_token_invalid");
    service.post("/auth/refresh", json!({ "refresh_token": 7 })).await.fails(400, "validation_failed");
}

#[tokio::test]
async fn of_many_that_refresh_the_same_token_at_once_one_succeeds() {
    for service in Service::on_each().await {
        service.register("ada@example.com").await;
        let token = service.login("ada@example.com", PASSWORD).await.is(200).text("refresh_token");
        let second = service.second_instance().await;
        let mut racers = JoinSet::new();
        for at in 0..16 {
            let router = if at % 2 == 0 { service.router() } else { second.router() };
            racers.spawn(send(router, post("/auth/refresh", &json!({ "refresh_token": token }))));
        }
        let answers = racers.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
        assert_eq!(won.len(), 1);
        for answer in lost {
            answer.fails(401, "refresh_token_invalid");
        }
        // The losers were reuse: what the winner got is no good any more either.
        service.refresh(&won[0].text("refresh_token")).await.fails(401, "refresh_token_invalid");
        second.stop().await;
    }
}

#[tokio::test]
async fn a_refresh_token_expires_and_brings_the_present_email() {
    let service = Service::with(&[("REFRESH_TOKEN_TTL", "1h")]).await;
    let id = service.register("ada@example.com").await;
    let tokens = service.login("ada@example.com", PASSWORD).await.is(200);
    let change = json!({ "email": "ada@example.org", "name": "Ada" });
    service.put_as(&format!("/users/{id}"), &tokens.text("access_token"), change).await.is(200);
    service.clock.advance(3_599);
    let tokens = service.refresh(&tokens.text("refresh_token")).await.is(200);
    let claims = service.verify(&tokens.text("access_token")).await.is(200);
    assert_eq!(claims.body["email"], "ada@example.org");
    service.clock.advance(3_600);
    service.refresh(&tokens.text("refresh_token")).await.fails(401, "refresh_token_invalid");
}

#[tokio::test]
async fn a_restart_invalidates_no_token() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let tokens = service.login("ada@example.com", PASSWORD).await.is(200);
    let kids = service.kids().await;
    let service = service.restart().await;
    assert_eq!(service.kids().await, kids);
    service.verify(&tokens.text("access_token")).await.is(200);
    service.refresh(&tokens.text("refresh_token")).await.is(200);
}
