//! What stands around a service's router: ids, logs, metrics, limits, and problems for what no
//! handler answered.

mod docs;
mod metrics;
mod operations;
pub(crate) mod request_id;
mod trace;

pub(crate) use metrics::RequestMetrics;
pub(crate) use operations::Operations;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, body::Body};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

use trace::Observed;

use crate::Problem;
use crate::identity::Trust;

/// The largest body that a service reads.
const BODY_LIMIT: usize = 1024 * 1024;
/// How long a request may take, its body's arrival included. The gateway's own limit is 30 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Wraps `router` and adds `/health`, `/live`, `/ready` and `/metrics`, and for one that is documented
/// `/openapi.json` and `/docs`.
///
/// From the outside in: request id, span, metrics and the final form of a problem; panics to 500;
/// time limit; body limit; the routes.
pub(crate) fn surround(router: Router, openapi: Option<OpenApi>, operations: Operations, trust: Trust) -> Router {
    let observed = Arc::new(Observed::new(&operations));
    let docs = openapi.map_or_else(Router::new, |openapi| docs::router(openapi, &operations.about));
    router
        .merge(docs)
        .merge(operations.router())
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(trust))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(time_limit))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(observed, trace::trace))
}

async fn no_route() -> Problem {
    Problem::not_found("no_route", "There is nothing at this path.")
}

/// The router adds `Allow`.
async fn method_not_allowed() -> Problem {
    let detail = "This path does not take this method; Allow names those it takes.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::overloaded("The request took longer than 30 s.").into_response(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format_args!("panic: {}", message.unwrap_or("of no text"))).into_response()
}

#[cfg(test)]
mod tests;
