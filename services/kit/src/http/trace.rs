//! The outermost layer: the request's id and span, its log line and metrics, and the problem's
//! final form.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::operations;
use super::request_id::{HEADER, RequestId};
use super::{Operations, RequestMetrics};
use crate::Problem;
use crate::correlation::Correlation;
use crate::database::Doubt;
use crate::outbox::TRACEPARENT;

/// The target of the line of each request: where a gateway in the same process has its own, a filter leaves it out.
const ANSWERED: &str = "kit::answered";

/// Where the layer notes what it sees.
pub(super) struct Observed {
    service: &'static str,
    metrics: RequestMetrics,
    doubt: Doubt,
}

impl Observed {
    pub(super) fn new(operations: &Operations) -> Self {
        Self {
            service: operations.about.name,
            metrics: RequestMetrics::new(operations.metrics()),
            doubt: operations.doubt.clone(),
        }
    }
}

pub(super) async fn trace(State(observed): State<Arc<Observed>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    request.extensions_mut().insert(id.clone());
    // The path goes without its query, which may hold what no log should.
    let path = request.uri().path().to_owned();
    // Of the highest level, so that an error names its service and its request whatever LOG_LEVEL leaves out.
    let span = tracing::error_span!("request", service = observed.service, request_id = id.as_str(), %method, %path);

    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let correlation = Correlation { id: id.as_str().to_owned(), traceparent: traceparent.map(ToOwned::to_owned) };
    let mut response = correlation.scope(next.run(request).instrument(span.clone())).await;

    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        let body = problem.document(Some(&id));
        // The length counted the body without the id.
        response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
        *response.body_mut() = Body::from(body);
        if let Some(trouble) = problem.trouble() {
            observed.doubt.raise(trouble);
        }
    }
    response.headers_mut().insert(HEADER, id.header());

    let (took, status) = (started.elapsed(), response.status().as_u16());
    observed.metrics.record(route, &method, status, took);
    let code = problem.as_ref().map(Problem::code);
    let duration_ms = took.as_secs_f64() * 1_000.0;
    span.in_scope(|| {
        // Probes come every few seconds and say nothing while all is well.
        if operations::PATHS.contains(&route) {
            tracing::debug!(target: ANSWERED, status, code, duration_ms, "answered");
        } else {
            tracing::info!(target: ANSWERED, status, code, duration_ms, "answered");
        }
    });
    response
}
