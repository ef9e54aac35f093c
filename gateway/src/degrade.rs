//! What clients get where the service gives no answer: another service's, or one of the file's own.
//!
//! The log and the metrics have the failure's code all the same, and `Proxy-Status` tells the client.
use http::Response;

use crate::{
    body::{Body, LeasedBody},
    config::FallbackAnswer,
    exchange::Exchange,
    forward::answered,
    h1::{client::Head, head::ResponseHead},
    live::Lane,
    local,
    rejection::Rejection,
    respond,
};

/// A route's fallback, decided when the configuration is built.
#[derive(Debug)]
pub(crate) enum Fallback {
    /// This answer.
    Answer(Box<FallbackAnswer>),
    /// That of the cluster with this index.
    Cluster(usize),
}

/// What the client gets where the lane's service has failed: what its fallback gives, or else the failure.
pub(crate) async fn instead(
    rejection: Rejection,
    head: &Head,
    body: &mut Body,
    lane: &Lane,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Rejection> {
    match by_service(&rejection, head, body, lane, exchange).await {
        Some(answer) => Ok(answered(answer, lane)),
        None => by_answer(rejection, lane, exchange),
    }
}

/// The answer of the lane's other service, if it has one, and the request may be sent again: nothing of it was sent, or it
/// is idempotent and has no body. It is asked once, under the route's own time limits; what it fails by is nobody's.
async fn by_service(
    rejection: &Rejection,
    head: &Head,
    body: &mut Body,
    lane: &Lane,
    exchange: &mut Exchange,
) -> Option<(ResponseHead, LeasedBody)> {
    let Some(Fallback::Cluster(cluster)) = lane.fallback else { return None };
    if !rejection.status().is_server_error() || !exchange.may_resend {
        return None;
    }
    exchange.fail(rejection);
    let worker = std::rc::Rc::clone(&exchange.worker);
    let cluster = &worker.clusters[cluster];
    // Whose upstream it would be there is not known: any is as good as another.
    exchange.affinity = fastrand::u64(..);
    match cluster.send_in_time(head, body, lane, exchange).await {
        Ok((mut head, body)) => {
            head.fields.insert(respond::PROXY_STATUS, respond::proxy_status(rejection));
            Some((head, body))
        }
        Err(failure) => {
            tracing::debug!(code = failure.code(), "the fallback's service has failed too");
            None
        }
    }
}

/// The answer that the file has for this failure, or else the failure.
fn by_answer(rejection: Rejection, lane: &Lane, exchange: &mut Exchange) -> Result<Response<Body>, Rejection> {
    let replaces = rejection.status().is_server_error() && !exchange.is_grpc;
    let Some(Fallback::Answer(fallback)) = lane.fallback.as_ref().filter(|_| replaces) else {
        return Err(rejection);
    };
    exchange.fail(&rejection);
    let mut response = local::fallback(fallback, rejection.status());
    response.headers_mut().insert(respond::PROXY_STATUS, respond::proxy_status(&rejection));
    lane.transform.response(response.headers_mut());
    Ok(response)
}
