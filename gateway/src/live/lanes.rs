//! From a route of the configuration to its lanes: one, or where it is split one more for each service.
use std::sync::Arc;

use super::{Lane, rules::Sources};
use crate::{
    balance::hash,
    cache::{RouteCache, Store},
    cluster::hedge::Hedging,
    config::{self, Config, Route},
    degrade::Fallback,
    mirror::Mirror,
    permit::Permit,
    split::{Branch, Split},
    tallies::Tallies,
    telemetry::{access_log::escape_json, metrics::RouteLabels},
    transform::{Transform, own::OwnFields},
};

/// The lanes so far.
pub(super) struct Lanes<'l, 'c> {
    pub(super) config: &'c Config,
    pub(super) sources: &'l mut Sources<'c>,
    pub(super) tallies: &'l Tallies,
    pub(super) cache: Option<&'l Arc<Store>>,
    pub(super) list: Vec<Lane>,
}

impl Lanes<'_, '_> {
    /// Adds those of a route of the service with this index; the index of the one that its requests begin in.
    pub(super) fn add(&mut self, route: &Route, service: usize) -> usize {
        let first = self.push(route, service, service);
        if let Some(split) = &route.split {
            let branches = split.shares.iter().map(|share| {
                let cluster = self.cluster(&share.service);
                Branch { weight: share.weight, lane: self.push(route, service, cluster), cluster }
            });
            self.list[first].split = Some(Box::new(Split::new(branches.collect(), split.sticky.clone())));
        }
        first
    }

    /// Adds the lane of a route of `service` whose requests go to `cluster`: all that the route says holds there too.
    fn push(&mut self, route: &Route, service: usize, cluster: usize) -> usize {
        let name = &self.config.services[cluster].name;
        let labels = RouteLabels { route: route.pattern.text.clone(), service: Arc::clone(name) };
        let mirror = route.mirror.as_ref().map(|mirror| {
            let labels = RouteLabels { route: labels.route.clone(), service: Arc::clone(&mirror.service) };
            let counts = self.tallies.mirror(labels);
            Box::new(Mirror::new(self.cluster(&mirror.service), mirror.percent, route.timeouts, counts))
        });
        let cache = route.cache.zip(self.cache).map(|(rules, store)| {
            // Whatever else a route says may be what an answer came from.
            let identity = hash::of(format!("{route:?} {name}").as_bytes());
            let counts = self.tallies.cache(labels.clone());
            Arc::new(RouteCache::new(Arc::clone(store), rules, identity, counts))
        });
        let hedge = route.hedge.map(|hedge| Box::new(Hedging { hedge, counts: self.tallies.hedge(labels.clone()) }));
        let rules = self.sources.rules(route, &self.config.services[service]);
        self.list.push(Lane {
            log_fields: log_fields(&labels),
            labels,
            permit: Permit::new(route.max_body, rules),
            transform: Transform {
                strip_prefix: route.strip_prefix.clone(),
                rewrite: route.rewrite.clone(),
                own: OwnFields::under(&route.request_headers),
                request: route.request_headers.clone(),
                response: route.response_headers.clone(),
            },
            timeouts: route.timeouts,
            retry: route.retry,
            hedge,
            cluster,
            cache,
            compress: (!route.compress.is_empty()).then(|| Arc::clone(&route.compress)),
            redirect: route.redirect.clone().map(Box::new),
            split: None,
            mirror,
            fallback: route.fallback.as_ref().map(|fallback| match fallback {
                config::Fallback::Answer(answer) => Fallback::Answer(Box::new(answer.clone())),
                config::Fallback::Service(name) => Fallback::Cluster(self.cluster(name)),
            }),
        });
        self.list.len() - 1
    }

    /// The index of a service, which is that of its cluster.
    fn cluster(&self, service: &str) -> usize {
        let found = self.config.services.iter().position(|other| *other.name == *service);
        found.expect("a checked configuration names services that it has")
    }
}

fn log_fields(labels: &RouteLabels) -> Vec<u8> {
    let mut fields = b",\"route\":\"".to_vec();
    escape_json(&mut fields, &labels.route);
    fields.extend_from_slice(b"\",\"service\":\"");
    escape_json(&mut fields, &labels.service);
    fields.push(b'"');
    fields
}
