//! A copy of a request, to a cluster that the client knows nothing of.
use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tokio::time::timeout;

use super::{LocalCluster, health};
use crate::{
    body::{Body, LeasedBody},
    config::UpstreamTimeouts,
    h1::client::Head,
    rejection::Rejection,
    upstream::{Failure, send},
};

impl LocalCluster {
    /// Sends it once, reads the answer to its end, and gives its status. All of it has the time that one answer has.
    pub(crate) async fn mirror(
        &self,
        head: Head,
        host: Option<HeaderValue>,
        body: Bytes,
        timeouts: &UpstreamTimeouts,
    ) -> Result<StatusCode, Rejection> {
        let all: Duration = timeouts.connect + timeouts.request;
        timeout(all, self.send_copy(&head, host, body, timeouts)).await.unwrap_or(Err(Rejection::UpstreamTimeout))
    }

    async fn send_copy(
        &self,
        head: &Head,
        host: Option<HeaderValue>,
        body: Bytes,
        timeouts: &UpstreamTimeouts,
    ) -> Result<StatusCode, Rejection> {
        let (index, mut lease) = self.pick(fastrand::u64(..)).await?;
        let upstream = &self.shared.upstreams[index];
        let host = self.shared.host_for(upstream, host.as_ref());
        let pool = &self.upstreams[index].pool;
        match send(upstream, pool, head, host, Body::full(body), timeouts, Some(&mut 0)).await {
            Ok((head, body)) => {
                let mut body = LeasedBody::new(body, head.status, lease);
                while let Some(frame) = poll_fn(|cx| body.poll_frame(cx)).await {
                    frame?;
                }
                Ok(head.status)
            }
            Err(failure) => {
                let rejection = match failure {
                    Failure::NotSent { rejection, .. } => {
                        health::mark_unreachable(upstream, &rejection);
                        rejection
                    }
                    Failure::Sent(rejection) | Failure::Cut { rejection, .. } => rejection,
                };
                lease.fail_for(&rejection);
                Err(rejection)
            }
        }
    }
}
