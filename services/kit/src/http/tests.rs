use super::*;
use crate::database::Doubt;
use crate::json::Json;
use crate::metrics::Metrics;
use crate::serve::About;
use crate::settings::DeploymentMode;
use crate::{HealthCheck, shutdown};
use axum::http::{Method, header};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

async fn echo(Json(body): Json<Value>) -> axum::Json<Value> {
    axum::Json(body)
}

fn app(health: Vec<HealthCheck>) -> (Router, shutdown::Trigger) {
    let (trigger, shutdown) = shutdown::channel();
    let about = About { name: "test", version: "0.0.0", port: 0, settings: &[] };
    let metrics = Metrics::default();
    let router = Router::new()
        .route("/echo/{id}", post(echo))
        .route("/panic", get(async || -> () { panic!("of the test") }))
        .route("/slow", get(std::future::pending::<()>));
    (
        surround(
            router,
            None,
            Operations { about, mode: DeploymentMode::Monolith, health, metrics, shutdown, doubt: Doubt::default() },
            Trust::Loopback,
        ),
        trigger,
    )
}

async fn send(app: &Router, request: Request) -> (StatusCode, axum::http::HeaderMap, String) {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if let Some(length) = parts.headers.get(header::CONTENT_LENGTH) {
        assert_eq!(length.to_str().unwrap(), body.len().to_string());
    }
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn request(method: Method, path: &str, body: impl Into<Body>) -> Request {
    let builder = Request::builder().method(method).uri(path).header("x-request-id", "abc-1");
    builder.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn every_failure_is_a_problem_with_the_request_id() {
    let (app, _trigger) = app(Vec::new());
    let large = format!("\"{}\"", "a".repeat(BODY_LIMIT));
    let cases = [
        (request(Method::GET, "/none", ""), 404, "no_route"),
        (request(Method::GET, "/echo/1", ""), 405, "method_not_allowed"),
        (request(Method::POST, "/echo/1", "{"), 400, "json_invalid"),
        (request(Method::POST, "/echo/1", large), 413, "body_too_large"),
        (request(Method::GET, "/panic", ""), 500, "internal"),
    ];
    for (request, status, code) in cases {
        let (got, headers, body) = send(&app, request).await;
        assert_eq!(got.as_u16(), status, "{body}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(headers["x-request-id"], "abc-1");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["status"], status);
        assert_eq!(body["code"], code);
        assert_eq!(body["request_id"], "abc-1");
        assert!(body["title"].is_string() && body["detail"].is_string());
        assert_eq!(headers.get(header::ALLOW).is_some(), status == 405, "Allow on {status}");
    }
}

#[tokio::test]
async fn a_body_without_a_json_type_is_refused() {
    let (app, _trigger) = app(Vec::new());
    let mut plain = request(Method::POST, "/echo/1", "{}");
    plain.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(send(&app, plain).await.0, 415);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_is_given_up() {
    let (app, _trigger) = app(Vec::new());
    let (status, headers, _) = send(&app, request(Method::GET, "/slow", "")).await;
    assert_eq!((status.as_u16(), headers["retry-after"].to_str().unwrap()), (503, "1"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_the_clients_doing() {
    let (app, _trigger) = app(Vec::new());
    let silent = Body::new(Silent);
    let (status, _, body) = send(&app, request(Method::POST, "/echo/1", silent)).await;
    assert_eq!(status, 408, "{body}");
}

/// A body of which nothing ever arrives.
struct Silent;

impl hyper::body::Body for Silent {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn an_id_that_could_forge_a_log_line_is_replaced() {
    let (app, _trigger) = app(Vec::new());
    let mut forged = request(Method::GET, "/live", "");
    forged.headers_mut().insert("x-request-id", "a\" level=\"ERROR".parse().unwrap());
    let (_, headers, _) = send(&app, forged).await;
    assert!(uuid::Uuid::parse_str(headers["x-request-id"].to_str().unwrap()).is_ok());
}

#[tokio::test]
async fn health_tells_of_its_checks_and_readiness_of_the_drain() {
    let sick = HealthCheck::new("database", async || Err("the disk is gone".to_owned()));
    let (app, _trigger) = app(vec![sick]);
    let (status, _, body) = send(&app, request(Method::GET, "/health", "")).await;
    assert_eq!(status, 503);
    assert!(body.contains("\"database\":\"unhealthy\"") && !body.contains("disk"), "{body}");
    assert_eq!(send(&app, request(Method::GET, "/live", "")).await.0, 200);

    let (app, trigger) = self::app(Vec::new());
    assert_eq!(send(&app, request(Method::GET, "/ready", "")).await.0, 200);
    trigger.shut_down();
    assert_eq!(send(&app, request(Method::GET, "/ready", "")).await.0, 503);
    assert_eq!(send(&app, request(Method::GET, "/health", "")).await.0, 200);
}

#[tokio::test]
async fn metrics_count_by_route_pattern() {
    let (app, _trigger) = app(Vec::new());
    for id in 0..3 {
        send(&app, request(Method::POST, &format!("/echo/{id}"), "{}")).await;
    }
    send(&app, request(Method::GET, "/secret-of-a-client", "")).await;
    let (_, _, text) = send(&app, request(Method::GET, "/metrics", "")).await;
    let line = "http_requests_total{route=\"/echo/{id}\",method=\"POST\",status=\"200\"} 3";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("route=\"unmatched\"") && !text.contains("secret"));
    assert!(text.contains("http_request_duration_seconds_bucket"));
}
