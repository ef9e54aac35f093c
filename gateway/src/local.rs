//! What the gateway answers itself on its public listeners: `GET /health`, always, preflights of routes that have a policy
//! for them, and where no route takes them `GET /`, `/docs` and `/openapi.json`.
mod docs;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    body::Body,
    cluster::{Cluster, Status},
    config::FallbackAnswer,
    exchange::{Client, Exchange},
    h1::head::{self, RawQuery},
    live::Live,
    rejection::Rejection,
    respond,
    upstream::{
        Health as UpstreamHealth, Upstream,
        ejection::{By, Ejection},
    },
};

/// The answer to `OPTIONS *`, which is about the gateway itself (RFC 9110 §9.3.7).
pub(crate) fn server_options(request: &Request<Body>) -> Option<Response<Body>> {
    if request.uri().path() != "*" {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, METHODS);
    Some(response)
}

/// The answer to a preflight that is granted this.
pub(crate) fn preflight(grant: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.headers_mut() = grant;
    response
}

/// The answer that a route has in the place of a failure of this status.
pub(crate) fn fallback(fallback: &FallbackAnswer, failure: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::full(fallback.body.clone()));
    *response.status_mut() = fallback.status.unwrap_or(failure);
    response.headers_mut().insert(header::CONTENT_TYPE, fallback.content_type.clone());
    // It is good for this moment alone, whatever its status.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer to a client that is sent elsewhere.
pub(crate) fn redirect(status: StatusCode, address: &[u8]) -> Result<Response<Body>, Rejection> {
    let Ok(location) = HeaderValue::from_bytes(address) else {
        return Err(Rejection::PathInvalid("This address cannot be redirected.".into()));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// What the gateway as a whole takes; a route may take less.
pub(crate) const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// The answer to what is never forwarded: `/health`, the proof that an authority of certificates asks for, and what comes
/// in cleartext where all of that is sent to HTTPS.
pub(crate) fn before_routes(
    request: &Request<Body>,
    path: &str,
    client: &Client,
    exchange: &Exchange,
) -> Result<Option<Response<Body>>, Rejection> {
    let live = &exchange.worker.live;
    if let Some(proof) = live.acme.as_ref().and_then(|acme| acme.proof(path)) {
        only_reads(request.method())?;
        return Ok(Some(octets(proof)));
    }
    if path != "/health" {
        let redirects = live.redirects_http && client.scheme == "http";
        return if redirects { redirect_to_https(request, exchange).map(Some) } else { Ok(None) };
    }
    only_reads(request.method())?;
    let verbose = head::query(request).is_some_and(|query| {
        query.split('&').any(|pair| matches!(pair, "verbose" | "verbose=" | "verbose=1" | "verbose=true"))
    });
    Ok(Some(health(live, verbose)))
}

/// RFC 8555 §8.3.
fn octets(content: String) -> Response<Body> {
    let mut response = Response::new(Body::full(content));
    let value = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// Sends a cleartext request to the same host, path and query over HTTPS.
fn redirect_to_https(request: &Request<Body>, exchange: &Exchange) -> Result<Response<Body>, Rejection> {
    let invalid = || Rejection::HostInvalid("The request has no Host field, and so nowhere to be sent to.".into());
    let host = exchange.host.as_ref().and_then(|host| host.to_str().ok()).ok_or_else(invalid)?;
    let mut location = https_origin(head::host_name(host), exchange.worker.live.https_port).into_bytes();
    location.extend_from_slice(request.uri().path_and_query().map_or("/", |target| target.as_str()).as_bytes());
    if let Some(RawQuery(query)) = request.extensions().get::<RawQuery>() {
        location.push(b'?');
        location.extend_from_slice(query);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let location = HeaderValue::from_bytes(&location).map_err(|_| invalid())?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

fn https_origin(host: &str, port: Option<u16>) -> String {
    match port {
        None | Some(443) => format!("https://{host}"),
        Some(port) => format!("https://{host}:{port}"),
    }
}

/// The answer to what no route takes.
pub(crate) async fn after_routes(
    request: &Request<Body>,
    path: &str,
    live: &Live,
) -> Result<Response<Body>, Rejection> {
    if path == "/" {
        only_reads(request.method())?;
        return Ok(start_page(live));
    }
    let Some(openapi) = &live.openapi else { return Err(Rejection::NoRoute) };
    let part = docs::Part::of(path).ok_or(Rejection::NoRoute)?;
    only_reads(request.method())?;
    part.answer(openapi).await
}

fn start_page(live: &Live) -> Response<Body> {
    let services: Vec<&str> = live.clusters.iter().map(|cluster| &*cluster.name).collect();
    let mut page = json!({
        "name": "gateway",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": live.mode,
        "services": services,
        "health": "/health",
    });
    if live.openapi.is_some() {
        page["docs"] = "/docs".into();
    }
    respond::json(StatusCode::OK, &page)
}

fn only_reads(method: &Method) -> Result<(), Rejection> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    Err(Rejection::MethodNotAllowed { allow: HeaderValue::from_static("GET, HEAD") })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    mode: &'static str,
    timestamp: String,
    services: Map<String, Value>,
}

fn health(live: &Live, verbose: bool) -> Response<Body> {
    let status = Status::of_all(live.clusters.iter().map(|cluster| &**cluster));
    let code = if status == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let services = live.clusters.iter().map(|cluster| {
        let value = if verbose { service(cluster) } else { cluster.status().as_str().into() };
        (cluster.name.to_string(), value)
    });
    let (status, services) = (status.as_str(), services.collect());
    let health = Health { status, mode: live.mode, timestamp: seconds(Timestamp::now()), services };
    respond::json(code, &health)
}

/// A service in full, as `/health?verbose` and the admin's `/services` tell it.
pub(crate) fn service(cluster: &Cluster) -> Value {
    json!({
        "status": cluster.status().as_str(),
        "critical": cluster.critical,
        "upstreams": cluster.upstreams.iter().map(|upstream| upstream_in_full(cluster, upstream)).collect::<Vec<_>>(),
    })
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds for a reader")]
fn upstream_in_full(cluster: &Cluster, upstream: &Upstream) -> Value {
    let status = match upstream.health() {
        UpstreamHealth::Healthy => "healthy",
        UpstreamHealth::Unhealthy => "unhealthy",
        UpstreamHealth::Unknown => "unknown",
    };
    let details = upstream.details().clone();
    json!({
        "url": upstream.url,
        "address": upstream.address(),
        "status": status,
        "circuit": upstream.circuit.state().as_str(),
        "ejected_by": details.ejected_by.map(By::as_str),
        "ejected": cluster.ejection(upstream).as_ref().map(ejected),
        "max_in_flight": cluster.most(upstream),
        "since": seconds(details.since),
        "last_check": details.last_check.map(seconds),
        "last_error": details.last_error,
        "latency_ms": details.latency.map(|latency| latency.as_micros() as f64 / 1000.0),
    })
}

/// Why traffic goes round an upstream, and until when; what the checks say of it is its `status`.
fn ejected(ejection: &Ejection) -> Value {
    json!({
        "by": ejection.by.as_str(),
        "reason": &ejection.reason,
        "since": seconds(ejection.since),
        "until": ejection.until.map(seconds),
    })
}

/// `2026-01-15T10:30:00Z`.
fn seconds(moment: Timestamp) -> String {
    let whole = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc);
    moment.round(whole).unwrap_or(moment).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_port_is_not_told() {
        for (port, expected) in [(None, "https://a"), (Some(443), "https://a"), (Some(8443), "https://a:8443")] {
            assert_eq!(https_origin("a", port), expected);
        }
    }
}
