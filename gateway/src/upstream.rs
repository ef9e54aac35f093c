//! Stage 8: one request to one upstream: over a pooled connection or a new one, or by a call where it is a service of
//! this process.
pub(crate) mod adaptive;
mod address;
mod ask;
pub(crate) mod circuit;
pub(crate) mod ejection;
mod http2;
mod mounted;
mod pool;
mod state;

use std::{io, time::Instant};

use http::{HeaderValue, Method};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    body::{AnswerBody, Body},
    config::UpstreamTimeouts,
    h1::{
        client::{self, Head, SendFailure},
        head::ResponseHead,
        wire::Wire,
    },
    rejection::Rejection,
    transport::Transport,
};

pub(crate) use address::Address;
pub(crate) use pool::Pool;
pub(crate) use state::{Health, Place, Upstream};

/// After how long of silence the kernel asks whether an upstream still is there.
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(30);

/// No answer came from this upstream.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why.
    pub(crate) rejection: Rejection,
    /// Whether it may be asked again, or another.
    pub(crate) reach: Reach,
    /// Whether it is counted already: the connection ended, and another request that was on it stands for that.
    pub(crate) is_counted: bool,
}

/// How far a request came that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The upstream could not be reached: another may be asked. The request's body is whole.
    NotSent,
    /// It ended a new connection without a byte of an answer, and the request may be sent twice. Its body is whole.
    Cut,
    /// It may have seen the request, or its body is gone.
    Sent,
}

impl Failure {
    fn new(rejection: Rejection, reach: Reach) -> Self {
        Self { rejection, reach, is_counted: false }
    }

    fn sent(rejection: Rejection) -> Self {
        Self::new(rejection, Reach::Sent)
    }
}

/// Sends a request and waits for the head of its answer. A pooled connection that turns out to have been closed
/// meanwhile is replaced by a new one where the request may be sent twice, and counted in `retries`, if there are any.
pub(crate) async fn send(
    upstream: &Upstream,
    pool: &Pool,
    head: &Head,
    host: &HeaderValue,
    body: &mut Body,
    timeouts: &UpstreamTimeouts,
    mut retries: Option<&mut u32>,
) -> Result<(ResponseHead, AnswerBody), Failure> {
    let address = match &upstream.place {
        Place::Remote(address) => address,
        Place::Mounted(mounted) => {
            // Boxed, so that a request to a remote upstream does not carry the room for it.
            return Box::pin(mounted::send(mounted, head, host, body, timeouts)).await.map_err(Failure::sent);
        }
    };
    let pool = match pool {
        Pool::Http1(pool) => pool,
        // Boxed for the same reason.
        Pool::Http2(pool) => return Box::pin(http2::send(address, pool, head, host, body, timeouts, retries)).await,
    };
    let mut now = Instant::now();
    let mut kept = pool.take(now);
    loop {
        let was_kept = kept.is_some();
        let wire = match kept.take() {
            Some(wire) => wire,
            // Boxed: nearly every request finds a connection.
            None => match Box::pin(connect(address, timeouts)).await {
                Ok(stream) => {
                    now = Instant::now();
                    Box::new(Wire::new(stream))
                }
                Err(rejection) => return Err(Failure::new(rejection, Reach::NotSent)),
            },
        };
        match client::send(wire, pool, head, host, body, now.into(), timeouts.request).await {
            Ok((head, body)) => return Ok((head, AnswerBody::Remote(body))),
            Err(SendFailure { rejection: rejection @ Rejection::UpstreamReset, is_untouched: true })
                if is_idempotent(&head.method) =>
            {
                match retries.as_deref_mut().filter(|_| was_kept) {
                    Some(retries) => *retries += 1,
                    None if was_kept => return Err(Failure::sent(rejection)),
                    None => return Err(Failure::new(rejection, Reach::Cut)),
                }
            }
            Err(failure) => return Err(Failure::sent(failure.rejection)),
        }
    }
}

/// Methods that may be sent again when it is unknown whether they arrived (RFC 9110 §9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}

async fn connect(address: &Address, timeouts: &UpstreamTimeouts) -> Result<Transport, Rejection> {
    let connecting = async {
        let stream = TcpStream::connect(address.socket()?).await.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Rejection::UpstreamConnectTimeout,
            _ => Rejection::UpstreamConnectRefused,
        })?;
        // Streamed frames must not wait for the other side's acknowledgement; both can only fail on a socket that is
        // gone, which the first write will tell.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE));
        match &address.tls {
            None => Ok(stream.into()),
            // Boxed, so that a request over plain TCP does not carry the room for it.
            Some(tls) => Box::pin(tls.connect(stream)).await.map_err(|_| Rejection::UpstreamTls),
        }
    };
    timeout(timeouts.connect, connecting).await.map_err(|_| Rejection::UpstreamConnectTimeout)?
}
