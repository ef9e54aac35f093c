//! Stages 7 and 8, and the part of 6 on either side of them: a request that its route's rules have let through goes to a
//! service, and its answer comes back as the route has it.
use std::rc::Rc;

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::{
    body::{Body, LeasedBody},
    cache,
    compress::Accepted,
    cookie, degrade,
    exchange::{Client, Exchange},
    h1::head::{ResponseHead, raw_query},
    live::Lane,
    permit::cors,
    rejection::Rejection,
    transform::target::Matched,
    worker::Worker,
};

/// Sends a request that `lane` took to its service, and makes the client's answer of what comes: the service's, a stored
/// one, or the lane's fallback.
pub(crate) async fn forward(
    lane: &Lane,
    matched: Matched<'_>,
    request: &mut Request<Body>,
    client: &Client,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Rejection> {
    let worker = Rc::clone(&exchange.worker);
    let (lane, cookie) = branch(lane, &worker, request.headers(), client, exchange); // 7, the part that the route decides
    let cluster = &worker.clusters[lane.cluster];
    if let Some(affinity) = cluster.affinity(request.headers(), exchange.client) {
        exchange.affinity = affinity; // 7, the part that reads what is gone then
    }
    let (cached, passes) = match lane.cache.as_ref().map(|cache| (cache, cache.asked(request, exchange))) {
        Some((cache, Ok(asked))) => (Some((cache, asked)), None),
        Some((_, Err(how))) => (None, Some(how)),
        None => (None, None),
    };
    let accepted = lane.compress.as_ref().map(|codings| Accepted::of(request.headers(), codings));
    let head = lane.transform.request(request, client, exchange, matched); // 6
    if let Some(mirror) = lane.mirror.as_ref().filter(|_| !exchange.upgrades) {
        mirror.copy(&head, request.body_mut(), exchange);
    }
    // Boxed is what is rare, so that it takes no room in the walk of other requests.
    let mut response = match cached {
        None => {
            let body = request.body_mut();
            let sent = match exchange.deadline(lane.timeouts.total) {
                None => cluster.send(&head, body, lane, exchange).await, // 7, 8
                Some(_) => Box::pin(cluster.send_in_time(&head, body, lane, exchange)).await,
            };
            match sent {
                Ok(answer) => answered(answer, lane), // 6
                Err(rejection) => Box::pin(degrade::instead(rejection, &head, body, lane, exchange)).await?,
            }
        }
        Some((cache, asked)) => {
            let key = cache::key(&head, client.scheme, exchange, matched.path, raw_query(request));
            match Box::pin(cache.answer(asked, (&head, key), lane, cluster, exchange)).await {
                Ok(answer) => to_client(answer.status, answer.fields, answer.body, lane),
                Err(rejection) => {
                    Box::pin(degrade::instead(rejection, &head, request.body_mut(), lane, exchange)).await?
                }
            }
        }
    };
    if let Some(how) = passes {
        cache::note(response.headers_mut(), how);
    }
    if let Some(store) = &worker.live.cache {
        cache::invalidate(store, (&head, request), matched.path, client.scheme, exchange, &response);
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

/// The lane of the service that a request goes to, where the route splits them, and the cookie that the client gets.
fn branch<'w>(
    lane: &'w Lane,
    worker: &'w Worker,
    fields: &HeaderMap,
    client: &Client,
    exchange: &mut Exchange,
) -> (&'w Lane, Option<HeaderValue>) {
    let Some(split) = &lane.split else { return (lane, None) };
    let random = || worker.core.random_u128();
    let choice = split.choose(fields, exchange.client, client.scheme, &worker.clusters, random);
    exchange.route = Some(choice.lane);
    (&worker.live.lanes[choice.lane], choice.cookie)
}

/// Another server's answer, the service's or an authoriser's, as the client's.
pub(crate) fn answered((head, body): (ResponseHead, LeasedBody), lane: &Lane) -> Response<Body> {
    to_client(head.status, head.fields, Body::from_upstream(body), lane)
}

/// An answer as the route has it.
#[inline]
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
