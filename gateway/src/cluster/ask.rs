//! A question of the gateway's own to a cluster: no client's request goes anywhere by it.
use std::{sync::Arc, time::Instant};

use http::HeaderValue;
use tokio::sync::Notify;

use super::{Cluster, LocalCluster};
use crate::{
    body::{AnswerBody, Body},
    config::{self, HostPolicy, UpstreamTimeouts},
    h1::{client::Head, head::ResponseHead},
    rejection::Rejection,
    tls::Connectors,
    upstream::{Failure, Upstream, send},
};

impl Cluster {
    /// A server that no route leads to, named by its URL alone: it is not probed.
    pub(crate) fn unrouted(upstream: &config::Upstream, timeouts: &UpstreamTimeouts) -> Self {
        let tls = upstream.is_https.then(|| Connectors::new(None));
        Self {
            name: upstream.url().into(),
            critical: false,
            host: HostPolicy::Upstream,
            check: None,
            upstreams: vec![Arc::new(Upstream::remote(upstream, tls.as_ref(), false))],
            idle: timeouts.idle,
            started: Instant::now(),
            probed: Notify::new(),
        }
    }

    /// The Host of a question: it is not the client's, who never asked for it.
    fn own_host<'h>(&'h self, upstream: &'h Upstream) -> &'h HeaderValue {
        match &self.host {
            HostPolicy::Preserve | HostPolicy::Upstream => &upstream.authority,
            HostPolicy::Name(name) => name,
        }
    }
}

impl LocalCluster {
    /// Sends a question without a body to a healthy upstream and waits for the head of the answer, as
    /// [`LocalCluster::send`] does for a request. It leaves no trace in an exchange: who answered it is not who
    /// answered the client.
    pub(crate) async fn ask(
        &self,
        question: &Head,
        timeouts: &UpstreamTimeouts,
    ) -> Result<(ResponseHead, AnswerBody), Rejection> {
        let mut failed = None;
        let mut tried = 0;
        loop {
            let index = self.pick(failed).await?;
            let upstream = &self.shared.upstreams[index];
            let host = self.shared.own_host(upstream);
            tried += 1;
            match send(upstream, &self.pools[index], question, host, Body::empty(), timeouts, &mut 0).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Sent(rejection)) => return Err(rejection),
                Err(Failure::NotSent { rejection, .. }) => {
                    self.go_on(index, tried, rejection)?;
                    failed = Some(index);
                }
            }
        }
    }
}
