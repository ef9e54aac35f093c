//! Who is asked by forward auth: services of the file, which are clusters anyway, and servers of their own.
use std::sync::Arc;

use crate::{
    cluster::Cluster,
    config::{self, Authoriser, Config, Upstream},
    names::Addresses,
    permit::forward_auth::{self, ForwardAuth, Place},
};

/// The authorisers met so far: one that several routes ask is one cluster.
pub(super) struct Authorisers<'c> {
    config: &'c Config,
    addresses: &'c Addresses,
    /// Those of the configuration before.
    known: &'c [Arc<Cluster>],
    upstreams: Vec<Upstream>,
    pub(super) clusters: Vec<Arc<Cluster>>,
}

impl<'c> Authorisers<'c> {
    pub(super) fn of(config: &'c Config, addresses: &'c Addresses, known: &'c [Arc<Cluster>]) -> Self {
        Self { config, addresses, known, upstreams: Vec::new(), clusters: Vec::new() }
    }

    /// A route's rule.
    pub(super) fn rule(&mut self, rule: &config::ForwardAuth) -> ForwardAuth {
        let place = match &rule.authoriser {
            Authoriser::Service(name) => {
                let place = self.config.services.iter().position(|service| service.name == *name);
                Place::Service(place.expect("a checked authoriser is a service of the file"))
            }
            Authoriser::Url(upstream) => Place::Own(self.place(upstream, rule)),
        };
        ForwardAuth::new(rule, place)
    }

    fn place(&mut self, upstream: &Upstream, rule: &config::ForwardAuth) -> usize {
        self.upstreams.iter().position(|known| known == upstream).unwrap_or_else(|| {
            self.upstreams.push(upstream.clone());
            let cluster = Cluster::unrouted(upstream, self.addresses, &forward_auth::timeouts(rule.timeout));
            let known = self.known.iter().find(|known| known.name == cluster.name);
            self.clusters.push(cluster.or_known(known));
            self.clusters.len() - 1
        })
    }
}
