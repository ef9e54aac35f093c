//! A question of the gateway's own to a cluster: no client's request goes anywhere by it.
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::sync::Notify;

use super::{Cluster, LocalCluster, budget::Budget, room::Room, servers};
use crate::{
    body::{Body, LeasedBody},
    config::{self, HostPolicy, LoadBalance, Protocol, Retry, UpstreamTimeouts},
    h1::{client::Head, head::ResponseHead},
    names::Addresses,
    rejection::Rejection,
    tasks::Tasks,
    upstream::{Failure, Reach, Upstream, send},
};

impl Cluster {
    /// A server that no route leads to, named by its URL alone: it is not probed.
    pub(crate) fn unrouted(upstream: &config::Upstream, addresses: &Addresses, timeouts: &UpstreamTimeouts) -> Self {
        let (upstreams, weights) = servers::of(std::slice::from_ref(upstream), addresses, None, Protocol::Http1, false);
        Self {
            name: upstream.url().into(),
            critical: false,
            host: HostPolicy::Upstream,
            check: None,
            weights,
            breaker: None,
            load_balance: LoadBalance::RoundRobin,
            hash: None,
            sticky: None,
            slow_start: Duration::ZERO,
            max_in_flight: None,
            counts: false,
            room: Room::default(),
            upstreams,
            idle: timeouts.idle,
            started: Instant::now(),
            probed: Notify::new(),
            probes: Tasks::default(),
            opening: Mutex::new(()),
            budget: Mutex::new(Budget::new(Instant::now())),
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
    ) -> Result<(ResponseHead, LeasedBody), Rejection> {
        let retry = Retry::default();
        // It is nobody's: no key is better than another.
        let key = fastrand::u64(..);
        let (mut index, mut lease) = self.pick(key).await?;
        let mut tries = 1;
        loop {
            let upstream = &self.shared.upstreams[index];
            let (host, pool) = (self.shared.own_host(upstream), &self.upstreams[index].pool);
            let failure = match send(upstream, pool, question, host, &mut Body::empty(), timeouts, Some(&mut 0)).await {
                Ok((head, body)) => {
                    let body = LeasedBody::new(body, head.status, lease);
                    return Ok((head, body));
                }
                Err(failure) => failure,
            };
            let Failure { rejection, reach, is_counted } = failure;
            lease.fail_for(&rejection, is_counted);
            match reach {
                Reach::NotSent => self.shared.mark_unreachable(upstream, &rejection),
                Reach::Cut => {}
                Reach::Sent => return Err(rejection),
            }
            if tries == retry.attempts {
                return Err(rejection);
            }
            (index, lease) = self.other(index, key).ok_or(rejection)?;
            tries += 1;
        }
    }
}
