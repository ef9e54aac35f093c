//! `/health`, `/live`, `/ready`, `/metrics`: what probes and scrapers ask.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::clock::{Clock, SystemClock};
use crate::database::Doubt;
use crate::metrics::Metrics;
use crate::module::HealthCheck;
use crate::serve::About;
use crate::settings::DeploymentMode;
use crate::shutdown::Shutdown;

pub(super) const PATHS: [&str; 4] = ["/health", "/live", "/ready", "/metrics"];
/// A check that takes longer has failed: the gateway's probe waits 2 s.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// What the operational endpoints report on.
pub(crate) struct Operations {
    pub(crate) about: About,
    pub(crate) mode: DeploymentMode,
    pub(crate) health: Vec<HealthCheck>,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: Shutdown,
    /// Where a problem of the database is noted.
    pub(crate) doubt: Doubt,
}

impl Operations {
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/live", get(live))
            .route("/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self))
    }

    /// Each check's name with `healthy` or `unhealthy`, and whether all are healthy.
    async fn check(&self) -> (Map<String, Value>, bool) {
        let mut results = Map::new();
        let mut all = true;
        for check in &self.health {
            let failure = match tokio::time::timeout(CHECK_TIMEOUT, check.run()).await {
                Ok(Ok(())) => None,
                Ok(Err(cause)) => Some(cause),
                Err(_) => Some("no answer in time".to_owned()),
            };
            // The cause is for the log: these endpoints are open to everyone.
            if let Some(cause) = &failure {
                tracing::warn!(check = check.name(), %cause, "health check failed");
                all = false;
            }
            let status = if failure.is_none() { "healthy" } else { "unhealthy" };
            results.insert(check.name().to_owned(), status.into());
        }
        (results, all)
    }
}

/// 200 `healthy` or 503 `unhealthy`, with every check.
async fn health(State(operations): State<Arc<Operations>>) -> Response {
    let (checks, healthy) = operations.check().await;
    let body = json!({
        "status": if healthy { "healthy" } else { "unhealthy" },
        "service": operations.about.name,
        "version": operations.about.version,
        "mode": operations.mode.as_str(),
        "timestamp": SystemClock.now(),
        "checks": checks,
    });
    (status_of(healthy), Json(body)).into_response()
}

/// 200 for as long as the process can answer at all: a failure here asks for a restart.
async fn live() -> Response {
    Json(json!({ "status": "live" })).into_response()
}

/// 200 while requests should come, 503 while a check fails or the process drains.
async fn ready(State(operations): State<Arc<Operations>>) -> Response {
    let ready = !operations.shutdown.is_requested() && operations.check().await.1;
    let status = if ready { "ready" } else { "not_ready" };
    (status_of(ready), Json(json!({ "status": status }))).into_response()
}

async fn metrics(State(operations): State<Arc<Operations>>) -> Response {
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], operations.metrics.encode()).into_response()
}

fn status_of(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
