//! Stage 8: one request to one upstream, over a pooled connection or a new one.
use std::{io, rc::Rc, time::Instant};

use http::{HeaderValue, Method};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    body::Body,
    cluster::upstream::Upstream,
    config::UpstreamTimeouts,
    h1::{
        client::{self, Head, ResponseBody, SendFailure},
        head::ResponseHead,
        pool::Pool,
        wire::Wire,
    },
    rejection::Rejection,
};

/// After how long of silence the kernel asks whether an upstream still is there.
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(30);

/// No answer came from this upstream.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be reached: another may be asked.
    NotSent {
        /// Why.
        rejection: Rejection,
        /// The request's body, whole.
        body: Body,
    },
    /// It may have seen the request.
    Sent(Rejection),
}

/// Sends a request and waits for the head of its answer. A pooled connection that turns out to have been closed
/// meanwhile is replaced by a new one where the request may be sent twice.
pub(crate) async fn send(
    upstream: &Upstream,
    pool: &Rc<Pool>,
    head: &Head,
    host: &HeaderValue,
    mut body: Body,
    timeouts: &UpstreamTimeouts,
    retries: &mut u32,
) -> Result<(ResponseHead, ResponseBody), Failure> {
    let now = Instant::now();
    if let Some(wire) = pool.take(now) {
        match client::send(wire, pool, head, host, body, now.into(), timeouts.request).await {
            Ok(answer) => return Ok(answer),
            Err(SendFailure { rejection: Rejection::UpstreamReset, untouched: Some(unsent) })
                if is_idempotent(&head.method) =>
            {
                *retries += 1;
                body = unsent;
            }
            Err(failure) => return Err(Failure::Sent(failure.rejection)),
        }
    }
    let stream = match connect(upstream, timeouts).await {
        Ok(stream) => stream,
        Err(rejection) => return Err(Failure::NotSent { rejection, body }),
    };
    let sent =
        client::send(Box::new(Wire::new(stream)), pool, head, host, body, Instant::now().into(), timeouts.request)
            .await;
    sent.map_err(|failure| Failure::Sent(failure.rejection))
}

/// Methods that may be sent again when it is unknown whether they arrived (RFC 9110 §9.2.2).
fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}

async fn connect(upstream: &Upstream, timeouts: &UpstreamTimeouts) -> Result<TcpStream, Rejection> {
    let connecting = async {
        let address = upstream.address().await?;
        TcpStream::connect(address).await.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Rejection::UpstreamConnectTimeout,
            _ => Rejection::UpstreamConnectRefused,
        })
    };
    let stream = timeout(timeouts.connect, connecting).await.map_err(|_| Rejection::UpstreamConnectTimeout)??;
    // Streamed frames must not wait for the other side's acknowledgement; both can only fail on a socket that is gone,
    // which the first write will tell.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE));
    Ok(stream)
}
