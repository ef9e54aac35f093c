//! The walk of a request on one screen, and the process that it happens in.
use std::rc::Rc;

use http::{HeaderMap, Method, Request, Response, uri::PathAndQuery};

use crate::{
    body::Body,
    exchange::{Client, Exchange},
    forward,
    h1::head::{self, BadHead, host_name},
    local, path,
    permit::{
        Verdict,
        cors::{self, Preflight},
    },
    rejection::Rejection,
    respond,
    route::{Found, Miss, Query},
    trace,
    transform::{forwarded, strip, target::Matched},
    tunnel::handshake,
    worker::Worker,
};

/// Answers one request: opens its exchange, walks, and makes an answer of what came out.
pub(crate) async fn handle(request: &mut Request<Body>, client: &Client, worker: Rc<Worker>) -> Response<Body> {
    let from = forwarded::origin(client, &worker.live.trusted_proxies, request.headers());
    let mut exchange = trace::open(request, from, worker); // 3
    if exchange.worker.live.has_cors {
        exchange.origin = cors::origin(request.headers());
    }
    let mut response = match walk(request, client, &mut exchange).await {
        Ok(response) => response,
        Err(rejection) => respond::reject(&rejection, &mut exchange), // 9
    };
    respond::finish(&mut response, exchange);
    response
}

async fn walk(
    request: &mut Request<Body>,
    client: &Client,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Rejection> {
    let worker = Rc::clone(&exchange.worker);
    refuse_tunnels(request.method())?;
    // 6, the part that must come first
    exchange.upgrades = strip(request.headers_mut(), &worker.live.reserved) && handshake::may_upgrade(request);
    if let Some(answer) = local::server_options(request) {
        return Ok(answer);
    }
    refuse_misdirected(client, exchange)?;
    // Held here, for the path is a part of it and the request's own target may become another.
    let target = request.uri().path_and_query().cloned();
    let path = path::normalise(target.as_ref().map_or("", PathAndQuery::path))
        .map_err(|fault| Rejection::PathInvalid(format!("This path is refused: {fault}.").into()))?; // 4
    if let Some(answer) = local::before_routes(request, &path, client, exchange)? {
        return Ok(answer);
    }
    if let Some(answer) = preflight(request, &path, exchange)? {
        return Ok(answer); // 5
    }
    let found = find(&worker, request, &path, exchange, request.method(), request.headers());
    let (route, length, params) = match found {
        Ok(found) => (*found.value, found.matched, found.params),
        // Boxed: nearly every request has a route.
        Err(miss) => return Box::pin(unrouted(miss, request, &path, exchange)).await,
    };
    exchange.route = Some(route);
    let lane = &worker.live.lanes[route];
    if let Verdict::Answer(answer) = lane.permit.check(request, client, &path, exchange).await? {
        return Ok(forward::answered(*answer, lane)); // 5, 6
    }
    if let Some(redirect) = &lane.redirect {
        let address = redirect.to.apply(&path, &params, head::raw_query(request));
        let mut response = local::redirect(redirect.status, &address)?;
        lane.transform.response(response.headers_mut());
        return Ok(response); // 6
    }
    let matched = Matched { path: &path, length, params: &params };
    forward::forward(lane, matched, request, client, exchange).await // 7, 8, 6
}

/// The route that a request would take with this method and these fields.
fn find<'w>(
    worker: &'w Worker,
    request: &Request<Body>,
    path: &str,
    exchange: &Exchange,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Found<'w, usize>, Miss> {
    let host = host(exchange);
    worker.live.routes.find(&Query { method, host: &host, path, query: head::query(request), headers })
}

/// The answer to a preflight, if the route that the request to come would take has a policy; neither a limit nor a
/// credential is asked for. Any other OPTIONS goes on like every request.
fn preflight(
    request: &Request<Body>,
    path: &str,
    exchange: &mut Exchange,
) -> Result<Option<Response<Body>>, Rejection> {
    if !exchange.worker.live.has_cors {
        return Ok(None);
    }
    let Some(asked) = Preflight::of(request) else { return Ok(None) };
    let worker = Rc::clone(&exchange.worker);
    let fields = asked.routed_by(request.headers());
    let Ok(found) = find(&worker, request, path, exchange, &asked.method, &fields) else { return Ok(None) };
    let Some(cors) = worker.live.lanes[*found.value].permit.cors() else { return Ok(None) };
    exchange.route = Some(*found.value);
    cors.grant(exchange.origin.as_ref(), &asked).map(|grant| Some(local::preflight(grant)))
}

/// What becomes of a request that no route takes: it counts against the limit of the file as a whole.
async fn unrouted(
    miss: Miss,
    request: &Request<Body>,
    path: &str,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Rejection> {
    let worker = Rc::clone(&exchange.worker);
    if let Some(rules) = &worker.live.unrouted.rules {
        rules.count(request, exchange).await?;
    }
    match miss {
        Miss::MethodNotAllowed { allow } => Err(Rejection::MethodNotAllowed { allow }),
        Miss::NoRoute => local::after_routes(request, path, &worker.live).await,
    }
}

/// The host that a request is for: lower case, without its port.
#[inline]
fn host(exchange: &Exchange) -> std::borrow::Cow<'_, str> {
    let host = exchange.host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host_name(host);
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// A gateway is no forward proxy and echoes nothing (RFC 9110 §9.3.6, §9.3.8).
fn refuse_tunnels(method: &Method) -> Result<(), Rejection> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        return Err(Rejection::MethodNotAllowed { allow: local::METHODS });
    }
    Ok(())
}

/// A request for another host than its connection's client certificate was asked for (RFC 9110 §15.5.20).
fn refuse_misdirected(client: &Client, exchange: &Exchange) -> Result<(), Rejection> {
    match &client.bound {
        Some(bound) if !bound.covers(&host(exchange)) => Err(Rejection::MisdirectedRequest),
        _ => Ok(()),
    }
}

/// Answers a head that is no request; it is logged and counted like one.
pub(crate) fn refuse(head: BadHead, client: &Client, worker: Rc<Worker>) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = head.method.unwrap_or_default();
    *request.uri_mut() = head.uri.unwrap_or_default();
    *request.version_mut() = head.version;
    let from = forwarded::origin(client, &[], request.headers());
    let mut exchange = trace::open(&request, from, worker);
    exchange.origin = head.origin.filter(|_| exchange.worker.live.has_cors);
    let mut response = respond::reject(&head.rejection, &mut exchange);
    respond::finish(&mut response, exchange);
    response
}
