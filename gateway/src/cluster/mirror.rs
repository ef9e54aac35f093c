//! Requests that no client waits for: copies, and fetches of what is stored.
use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tokio::time::timeout;

use super::LocalCluster;
use crate::{
    body::{Body, LeasedBody},
    config::UpstreamTimeouts,
    h1::{client::Head, head::ResponseHead},
    rejection::Rejection,
    upstream::{Failure, Reach, send},
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
        let whole = async {
            let (head, mut body) = self.fetch(&head, host, body, timeouts).await?;
            while let Some(frame) = poll_fn(|cx| body.poll_frame(cx)).await {
                frame?;
            }
            Ok(head.status)
        };
        timeout(all, whole).await.unwrap_or(Err(Rejection::UpstreamTimeout))
    }

    /// Sends a request of the gateway's own making once, and waits for the head of the answer.
    pub(crate) async fn fetch(
        &self,
        head: &Head,
        host: Option<HeaderValue>,
        body: Bytes,
        timeouts: &UpstreamTimeouts,
    ) -> Result<(ResponseHead, LeasedBody), Rejection> {
        let (index, mut lease) = self.pick(fastrand::u64(..)).await?;
        let upstream = &self.shared.upstreams[index];
        let host = self.shared.host_for(upstream, host.as_ref());
        let pool = &self.upstreams[index].pool;
        match send(upstream, pool, head, host, &mut Body::full(body), timeouts, Some(&mut 0)).await {
            Ok((head, body)) => {
                let body = LeasedBody::new(body, head.status, lease);
                Ok((head, body))
            }
            Err(Failure { rejection, reach, is_counted }) => {
                lease.fail_for(&rejection, is_counted);
                if matches!(reach, Reach::NotSent) {
                    self.shared.mark_unreachable(upstream, &rejection);
                }
                Err(rejection)
            }
        }
    }
}
