//! One request on a stream: sent, and its answer's head awaited.
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::h2::{Reason, client::ResponseFuture};
use http::{Request, Response, StatusCode};
use tokio::time::Instant;

use super::{
    Outbound, Place, ResponseBody, connection,
    loss::Loss,
    request::answer_of,
    upload::{Stage, Upload},
};
use crate::{
    h1::{client::end_to_end, head::ResponseHead, wire::Timer},
    rejection::Rejection,
};

/// Interim answers to one request; more of them are an upstream gone wild.
const MAX_INTERIM: usize = 64;
/// How long a body is held back for an upstream that does not answer `Expect` (RFC 9110 §10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

/// No answer came.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) rejection: Rejection,
    /// Whether the upstream has certainly not looked at the request (RFC 9113 §8.7).
    pub(crate) is_unprocessed: bool,
    /// Whether something of an answer came.
    pub(crate) has_begun: bool,
    /// The end of the connection, if that was it: one failure for all of its streams.
    pub(crate) loss: Option<Loss>,
    /// The request's body.
    pub(crate) outbound: Outbound,
}

/// A stream whose answer is awaited.
struct Awaiting {
    response: ResponseFuture,
    upload: Upload,
    interims: usize,
    timer: Timer,
    /// How many times the connection had been heard before.
    heard_before: u64,
}

/// Sends a request on a stream and waits for the head of its answer, at most `timeout` from now, or from the moment that
/// the request's body last moved.
pub(crate) async fn send(
    place: Place,
    request: Request<()>,
    outbound: Outbound,
    timeout: Duration,
) -> Result<(ResponseHead, ResponseBody), Fault> {
    let (method, is_end) = (request.method().clone(), outbound.is_end());
    let stage = match () {
        () if is_end => Stage::Ended,
        () if outbound.body.awaits_continue() => Stage::HeldBack,
        () => Stage::Sending,
    };
    let (response, stream) = match place.send(request, is_end) {
        Ok(begun) => begun,
        Err(error) => {
            // The connection has ended since it was chosen, or has no number left for a stream.
            place.doubt();
            let rejection = connection::fault(&error, place.watch());
            let loss = place.loss(&error);
            return Err(Fault { rejection, is_unprocessed: true, has_begun: false, loss, outbound });
        }
    };
    let upload = Upload::new(stream, outbound, stage);
    let (timer, heard_before) = (Timer::default(), place.watch().times_heard());
    let mut awaiting = Awaiting { response, upload, interims: 0, timer, heard_before };
    let now = Instant::now();
    let answer = match poll_fn(|cx| awaiting.poll(cx, now, timeout)).await {
        Ok(answer) => answer,
        Err(failure) => return Err(awaiting.fault(failure, &place)),
    };
    let Awaiting { mut upload, .. } = awaiting;
    upload.outbound.forget();
    let (answer, body) = answer.into_parts();
    let (head, length) = answer_of(&method, Response::from_parts(answer, ()), body.is_end_stream());
    // An upstream that refuses a request does not want the rest of it.
    let goes_on = upload.stage == Stage::Sending && head.status.as_u16() < 300;
    Ok((head, ResponseBody::new(body, length, goes_on.then_some(upload), place)))
}

/// Why no answer came.
enum Failure {
    /// The client, or the time.
    Ours(Rejection),
    Theirs(::h2::Error),
}

impl Awaiting {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        timeout: Duration,
    ) -> Poll<Result<Response<::h2::RecvStream>, Failure>> {
        loop {
            if let Poll::Ready(Err(rejection)) = self.upload.poll(cx) {
                return Poll::Ready(Err(Failure::Ours(rejection)));
            }
            if let Poll::Ready(Some(Ok(interim))) = self.response.poll_informational(cx) {
                if let Err(rejection) = self.relay(cx, interim) {
                    return Poll::Ready(Err(Failure::Ours(rejection)));
                }
                continue;
            }
            match Pin::new(&mut self.response).poll(cx) {
                Poll::Ready(answer) => return Poll::Ready(answer.map_err(Failure::Theirs)),
                Poll::Pending
                    if self.upload.stage == Stage::HeldBack && self.timer.poll(cx, now + CONTINUE_WAIT).is_ready() =>
                {
                    self.upload.stage = Stage::Sending;
                }
                // What the client is slow to send is the client's time, not the upstream's.
                Poll::Pending if self.upload.waits_for_client => return Poll::Pending,
                Poll::Pending => {
                    let since = self.upload.moved_at.unwrap_or(now);
                    ready!(self.timer.poll(cx, since + timeout));
                    return Poll::Ready(Err(Failure::Ours(Rejection::UpstreamTimeout)));
                }
            }
        }
    }

    /// An interim answer: a 100 lets the body go, any other is the client's.
    fn relay(&mut self, cx: &mut Context<'_>, interim: Response<()>) -> Result<(), Rejection> {
        self.interims += 1;
        let status = interim.status();
        // RFC 9113 §8.6: there is no switching of protocols.
        if self.interims > MAX_INTERIM || status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Rejection::UpstreamProtocol);
        }
        if status != StatusCode::CONTINUE {
            let fields = end_to_end(interim.into_parts().0.headers);
            self.upload.outbound.body.send_interim(cx, status, &fields);
        } else if self.upload.stage == Stage::HeldBack {
            self.upload.stage = Stage::Sending;
        }
        Ok(())
    }

    fn fault(self, failure: Failure, place: &Place) -> Fault {
        let (rejection, is_unprocessed, loss) = match failure {
            Failure::Ours(rejection) => {
                if rejection == Rejection::UpstreamTimeout && place.watch().times_heard() == self.heard_before {
                    place.doubt();
                }
                (rejection, false, None)
            }
            Failure::Theirs(error) => {
                let is_refused =
                    error.is_remote() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
                let stream = self.response.stream_id().as_u32();
                let is_unseen = place.watch().last_stream().is_some_and(|last| stream > last);
                (connection::fault(&error, place.watch()), is_refused || is_unseen, place.loss(&error))
            }
        };
        Fault { rejection, is_unprocessed, has_begun: self.interims > 0, loss, outbound: self.upload.outbound }
    }
}
