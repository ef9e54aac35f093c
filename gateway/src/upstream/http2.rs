//! One request to an upstream that speaks HTTP/2.
use std::rc::Rc;

use http::HeaderValue;

use super::{Address, Failure, Reach, connect, is_idempotent};
use crate::{
    body::{AnswerBody, Body},
    config::UpstreamTimeouts,
    h1::{client::Head, head::ResponseHead},
    h2::client::{self, Fault, Outbound, Pool},
    rejection::Rejection,
};

/// Times that one request is sent because its upstream has refused, without a look, to take it (RFC 9113 §8.7).
const MAX_REFUSALS: u32 = 3;

/// Sends a request on a stream and waits for the head of its answer. It is sent again, whatever its method, where the
/// upstream certainly has not looked at it; and as over HTTP/1.1, counted in `retries`, where a connection that was kept
/// turns out to be closed. A stream that is reset on a connection that lives is the upstream's answer to this request: as
/// the end of a new connection, it may only be tried elsewhere.
pub(super) async fn send(
    address: &Address,
    pool: &Rc<Pool>,
    head: &Head,
    host: &HeaderValue,
    body: &mut Body,
    timeouts: &UpstreamTimeouts,
    mut retries: Option<&mut u32>,
) -> Result<(ResponseHead, AnswerBody), Failure> {
    if head.upgrades() {
        let why = "The service speaks HTTP/2, over which this gateway opens no WebSocket.";
        return Err(Failure::sent(Rejection::BadRequest(why.into())));
    }
    let mut outbound = Outbound::new(std::mem::replace(body, Body::empty()));
    let mut refusals = 0;
    loop {
        let request = head.to_http2(host, address.tls.is_some()).map_err(Failure::sent)?;
        let place = match pool.place(timeouts.connect, async || connect(address, timeouts).await).await {
            Ok(place) => place,
            // It was reached, and is busy.
            Err(Rejection::Overloaded) => return Err(Failure::sent(Rejection::Overloaded)),
            Err(rejection) => {
                return Err(match outbound.untouched() {
                    Some(unsent) => {
                        *body = unsent;
                        Failure::new(rejection, Reach::NotSent)
                    }
                    None => Failure::sent(rejection),
                });
            }
        };
        let was_used = place.was_used();
        let fault = match client::send(place, request, outbound, timeouts.request).await {
            Ok((head, body)) => return Ok((head, AnswerBody::Http2(Box::new(body)))),
            Err(fault) => fault,
        };
        let Fault { rejection, is_unprocessed, has_begun, loss, outbound: mut unsent } = fault;
        if is_unprocessed {
            refusals += 1;
            if refusals < MAX_REFUSALS && unsent.rewind() {
                outbound = unsent;
                continue;
            }
        }
        let is_cut = rejection == Rejection::UpstreamReset && !has_begun && is_idempotent(&head.method);
        let is_stale = was_used && !is_unprocessed && loss.is_some();
        // Only what fails for good stands for the connection.
        let fail = |reach| Failure { rejection, reach, is_counted: loss.is_some_and(|loss| loss.is_counted()) };
        let Some(unsent) = unsent.untouched().filter(|_| is_unprocessed || is_cut) else {
            return Err(fail(Reach::Sent));
        };
        let Some(retries) = retries.take_if(|_| is_cut && is_stale) else {
            *body = unsent;
            return Err(fail(Reach::Cut));
        };
        *retries += 1;
        outbound = Outbound::new(unsent);
    }
}
