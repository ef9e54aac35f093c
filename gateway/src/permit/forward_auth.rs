//! Forward auth: an HTTP server is asked whether a request may pass, before anything of it reaches its upstream.
//!
//! It fails closed: what is no answer in time is a refusal. Its 2xx lets the request pass, with the fields of it that
//! the route lists; any other answer is the client's, as it is.
mod question;

use std::{
    future::poll_fn,
    rc::Rc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use tokio::time::{timeout, timeout_at};

use crate::{
    body::{Body, LeasedBody},
    config::{self, HeaderRules, UpstreamTimeouts},
    exchange::{Client, Exchange},
    h1::head::ResponseHead,
    rejection::Rejection,
    transform::{hop_by_hop, own::OwnFields},
};

/// How long a connection to an authoriser of its own is kept while nobody uses it.
const IDLE: Duration = Duration::from_secs(50);
/// How much of a 2xx's body is read away, and for how long, so that its connection can be used again.
const REST: (usize, Duration) = (64 * 1024, Duration::from_millis(100));

/// What one route asks, and whom.
#[derive(Debug)]
pub(crate) struct ForwardAuth {
    cluster: Place,
    target: Uri,
    timeouts: UpstreamTimeouts,
    /// Fields of a 2xx that go to the upstream.
    headers: Vec<HeaderName>,
    /// The only fields of the client that it is told of.
    request_headers: Option<Vec<HeaderName>>,
    own: OwnFields,
}

/// Which of a worker's clusters is asked, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// One of [`crate::live::Live::clusters`].
    Service(usize),
    /// One of [`crate::live::Live::authorisers`].
    Own(usize),
}

/// How an authoriser that may take `timeout` is asked.
pub(crate) fn timeouts(timeout: Duration) -> UpstreamTimeouts {
    UpstreamTimeouts { connect: timeout, request: timeout, idle: IDLE, ..UpstreamTimeouts::default() }
}

impl ForwardAuth {
    /// What a route's settings mean where its authoriser is the cluster at `cluster`.
    pub(crate) fn new(config: &config::ForwardAuth, cluster: Place) -> Self {
        Self {
            cluster,
            target: Uri::from(config.target.clone()),
            timeouts: timeouts(config.timeout),
            headers: config.headers.clone(),
            request_headers: config.request_headers.clone(),
            own: OwnFields::under(&HeaderRules::default()),
        }
    }

    /// Asks about a request for `path`, its normalised path. An answer that is not 2xx comes back: it is the client's.
    pub(crate) async fn ask(
        &self,
        request: &Request<Body>,
        client: &Client,
        path: &str,
        exchange: &mut Exchange,
    ) -> Result<Option<Box<(ResponseHead, LeasedBody)>>, Rejection> {
        if question::is_in_a_circle(request.headers()) {
            return Err(Rejection::ForwardAuthUnavailable);
        }
        let worker = Rc::clone(&exchange.worker);
        let cluster = match self.cluster {
            Place::Service(index) => &worker.clusters[index],
            Place::Own(index) => &worker.authorisers[index],
        };
        let question = self.question(request, client, path, exchange);
        let answer = timeout(self.timeouts.request, cluster.ask(&question, &self.timeouts)).await;
        let Ok(Ok((mut head, body))) = answer else {
            return Err(Rejection::ForwardAuthUnavailable);
        };
        if !head.status.is_success() {
            return Ok(Some(Box::new((head, body))));
        }
        exchange.granted = self.granted(&mut head.fields);
        read_away(body).await;
        // What the authoriser took is not the upstream's time.
        exchange.permitted = Instant::now();
        Ok(None)
    }

    /// What a 2xx says of the caller, every value of it.
    fn granted(&self, fields: &mut HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        hop_by_hop::remove(fields);
        let values =
            |name| fields.get_all(name).iter().map(move |value: &HeaderValue| (HeaderName::clone(name), value.clone()));
        self.headers.iter().flat_map(values).collect()
    }
}

/// Reads what is left of an answer, so that its connection goes back to the pool; where that is much, or slow, the
/// connection is closed instead.
async fn read_away(mut body: LeasedBody) {
    let deadline = tokio::time::Instant::now() + REST.1;
    let mut read = 0;
    while read <= REST.0 && !body.is_end() {
        match timeout_at(deadline, poll_fn(|cx| body.poll_frame(cx))).await {
            Ok(Some(Ok(frame))) => read += frame.data_ref().map_or(0, bytes::Bytes::len),
            _ => return,
        }
    }
}
