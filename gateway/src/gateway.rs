//! The walk of a request on one screen, and the process that it happens in.
use std::rc::Rc;

use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::{
    body::{Body, LeasedBody},
    cache,
    compress::Accepted,
    cookie,
    degrade::{self, Fallback},
    exchange::{Client, Exchange},
    h1::head::{self, BadHead, ResponseHead, host_name},
    live::Lane,
    local, path,
    permit::{
        Verdict,
        cors::{self, Preflight},
    },
    rejection::Rejection,
    respond,
    route::{Found, Miss, Query},
    trace,
    transform::{forwarded, strip, target},
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
    let outcome = walk(request, client, &mut exchange).await;
    respond::finish(outcome, exchange) // 9
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
    if let Some(bound) = &client.bound
        && !bound.covers(&host(exchange))
    {
        return Err(Rejection::MisdirectedRequest);
    }
    let uri = request.uri().clone();
    let path = path::normalise(uri.path())
        .map_err(|fault| Rejection::PathInvalid(format!("This path is refused: {fault}.").into()))?; // 4
    if let Some(answer) = local::before_routes(request, &path, &worker.live)? {
        return Ok(answer);
    }
    if worker.live.redirects_http && client.scheme == "http" {
        return local::redirect_to_https(request, exchange);
    }
    if worker.live.has_cors
        && let Some(answer) = preflight(request, &path, exchange)?
    {
        return Ok(answer); // 5
    }
    let found = find(&worker, request, &path, exchange, request.method(), request.headers());
    let (lane, matched, params) = match found {
        Ok(found) => (*found.value, found.matched, found.params),
        // Boxed: nearly every request has a route.
        Err(miss) => return Box::pin(unrouted(miss, request, &path, exchange)).await,
    };
    exchange.route = Some(lane);
    let mut lane = &worker.live.lanes[lane];
    if let Verdict::Answer(answer) = lane.permit.check(request, client, &path, exchange).await? {
        return Ok(answered(*answer, lane)); // 5, 6
    }
    if let Some(redirect) = &lane.redirect {
        let address = redirect.to.apply(&path, &params, head::raw_query(request));
        let mut response = local::redirect(redirect.status, &address)?;
        lane.transform.response(response.headers_mut());
        return Ok(response); // 6
    }
    let mut cookie = None;
    if let Some(split) = &lane.split {
        let random = || worker.core.random_u128();
        let choice = split.choose(request.headers(), exchange.client, client.scheme, &worker.clusters, random);
        lane = &worker.live.lanes[choice.lane];
        (exchange.route, cookie) = (Some(choice.lane), choice.cookie); // 7, the part that the route has decided
    }
    let cluster = &worker.clusters[lane.cluster];
    if let Some(affinity) = cluster.affinity(request.headers(), exchange.client) {
        exchange.affinity = affinity; // 7, the part that reads what is gone then
    }
    let asked = lane.cache.as_ref().and_then(|cache| cache.asked(request, &path, client.scheme, exchange));
    let accepted = lane.compress.as_ref().map(|codings| Accepted::of(request.headers(), codings));
    let head = lane.transform.request(
        request,
        client,
        exchange,
        target::Matched { path: &path, length: matched, params: &params },
    ); // 6
    let mut body = std::mem::replace(request.body_mut(), Body::empty());
    if let Some(mirror) = &lane.mirror
        && !exchange.upgrades
    {
        mirror.copy(&head, &mut body, exchange);
    }
    let outcome = match lane.cache.as_ref().zip(asked) {
        None => cluster.send(&head, &mut body, lane, exchange).await.map(|answer| answered(answer, lane)), // 7, 8, 6
        Some((cache, asked)) => {
            // Boxed, so that it takes no room in the walk of a request that is not stored.
            let answer = Box::pin(cache.answer(asked, &head, lane, cluster, exchange)).await;
            answer.map(|answer| to_client(answer.status, answer.fields, answer.body, lane))
        }
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(rejection) if matches!(lane.fallback, Some(Fallback::Cluster(_))) => {
            // Boxed, like all that is rare.
            let other = Box::pin(degrade::by_service(&rejection, &head, &mut body, lane, exchange)).await;
            answered(other.ok_or(rejection)?, lane)
        }
        Err(rejection) => return degrade::by_answer(rejection, lane, exchange),
    };
    if let Some(store) = &worker.live.cache {
        cache::invalidate(store, request, &path, client.scheme, exchange, &response);
    }
    if let Some(cookie) = cookie {
        cookie::give(cookie, &mut response);
    }
    if let Some(cookie) = cluster.cookie(exchange, client.scheme) {
        cookie::give(cookie, &mut response);
    }
    if let Some(accepted) = accepted {
        accepted.apply(&exchange.method, &mut response);
    }
    Ok(response)
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
        rules.count(request, exchange)?;
    }
    match miss {
        Miss::MethodNotAllowed { allow } => Err(Rejection::MethodNotAllowed { allow }),
        Miss::NoRoute => local::after_routes(request, path, &worker.live).await,
    }
}

/// Another server's answer, the service's or an authoriser's, as the client's.
fn answered((head, body): (ResponseHead, LeasedBody), lane: &Lane) -> Response<Body> {
    to_client(head.status, head.fields, Body::from_upstream(body), lane)
}

/// An answer as the route has it.
fn to_client(status: StatusCode, fields: HeaderMap, body: Body, lane: &Lane) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    if lane.permit.cors().is_some() {
        cors::replace(response.headers_mut());
    }
    lane.transform.response(response.headers_mut());
    response
}

/// The host that a request is for: lower case, without its port.
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

/// Answers a head that is no request; it is logged and counted like one.
pub(crate) fn refuse(head: BadHead, client: &Client, worker: Rc<Worker>) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = head.method.unwrap_or_default();
    *request.uri_mut() = head.uri.unwrap_or_default();
    *request.version_mut() = head.version;
    let from = forwarded::origin(client, &[], request.headers());
    let mut exchange = trace::open(&request, from, worker);
    exchange.origin = head.origin.filter(|_| exchange.worker.live.has_cors);
    respond::finish(Err(head.rejection), exchange)
}
