//! The request's id and its place in a trace, told to the upstream.
use http::HeaderMap;

use crate::exchange::{Exchange, TRACEPARENT, X_REQUEST_ID};

const TRACESTATE: &str = "tracestate";

/// Writes them over the client's own.
pub(crate) fn write(fields: &mut HeaderMap, exchange: &Exchange) {
    if !exchange.trace.is_continued && fields.keys().any(|name| name.as_str() == TRACESTATE) {
        fields.remove(TRACESTATE); // It belongs to the trace that is not continued (Trace Context §3.3).
    }
    fields.insert(TRACEPARENT, exchange.trace.traceparent.clone());
    fields.insert(X_REQUEST_ID, exchange.request_id.clone());
}
