//! From what a route's configuration says to the rules that stage 5 asks.
use std::sync::Arc;

use super::{Live, authorisers::Authorisers};
use crate::{
    cluster::Cluster,
    config::{AuthMode, Config, KeyPlace, KeySource, Route, Service},
    mirror::X_MIRRORED,
    names::Addresses,
    permit::{
        Rules,
        auth::{
            Auth,
            api_key::ApiKeys,
            jwt::{Asking, Issuers, Keeper, MAX_ANSWER},
        },
        rate::Limits,
        validation::Validation,
    },
    reserved::Reserved,
    upstream::Place,
};

/// What the rules of all routes are made of.
pub(super) struct Sources<'c> {
    pub(super) limits: Limits,
    pub(super) issuers: Option<Arc<Issuers>>,
    pub(super) keys: Option<Arc<ApiKeys>>,
    pub(super) authorisers: Authorisers<'c>,
}

impl<'c> Sources<'c> {
    pub(super) fn new(
        config: &'c Config,
        addresses: &'c Addresses,
        clusters: &[Arc<Cluster>],
        previous: Option<&'c Live>,
    ) -> Self {
        Self {
            limits: Limits::new(
                config,
                previous.and_then(|live| live.counters.as_ref()),
                previous.and_then(|live| live.limit_store.as_ref()),
            ),
            issuers: issuers(config, clusters, previous),
            keys: ApiKeys::new(config),
            authorisers: Authorisers::of(config, addresses, previous.map_or(&[], |live| &live.authorisers)),
        }
    }

    /// What a route asks of its requests, beside the size of their bodies.
    pub(super) fn rules(&mut self, route: &Route, service: &Service) -> Rules {
        let asks = route.auth != AuthMode::None && (self.issuers.is_some() || self.keys.is_some());
        let auth = asks.then(|| Auth {
            is_optional: route.auth == AuthMode::Optional,
            scopes: route.scopes.clone(),
            tokens: self.issuers.clone(),
            keys: self.keys.clone(),
        });
        let (types, headers, schema) = (&route.content_types, &route.required_headers, &route.schema);
        let validation = Validation::new(types.clone(), Arc::clone(headers), schema.clone());
        Rules {
            cors: route.cors.clone(),
            rate: self.limits.of_route(route, service),
            validation,
            keys: self.keys.clone(),
            auth,
            forward_auth: route.forward_auth.as_ref().map(|rule| self.authorisers.rule(rule)),
        }
    }

    /// What the file as a whole asks of a request that no route takes.
    pub(super) fn unrouted(&self, config: &Config) -> Rules {
        Rules { cors: config.cors.clone(), rate: self.limits.of_unrouted(config), ..Rules::default() }
    }
}

/// The fields that no client's own gets through: those by which a service knows its caller, and those with keys.
pub(super) fn reserved(config: &Config) -> Reserved {
    let tokens = config.jwt.iter().flat_map(|jwt| &jwt.claims).map(|(_, name)| name);
    let holders = config.api_keys.iter().flat_map(|block| [&block.name_header, &block.scope_header]).flatten();
    let routes = config.services.iter().flat_map(|service| &service.routes);
    let authorisers = routes.filter_map(|route| route.forward_auth.as_ref()).flat_map(|asked| &asked.headers);
    // Only where there are copies does anybody believe that one is.
    let copies = config.services.iter().flat_map(|service| &service.routes).any(|route| route.mirror.is_some());
    let copies = copies.then_some(&X_MIRRORED);
    let keys = config.api_keys.iter().filter_map(|block| match &block.place {
        KeyPlace::Header(name) => Some(name.clone()),
        KeyPlace::Query(_) => None,
    });
    Reserved::new(tokens.chain(holders).chain(authorisers).chain(copies), keys.collect())
}

/// The issuers of `config`: those of `previous`, where both say the same of them and the services that are asked for keys
/// are the same.
fn issuers(config: &Config, clusters: &[Arc<Cluster>], previous: Option<&Live>) -> Option<Arc<Issuers>> {
    let same_keeper = |live: &Live, service: &str| {
        let of = |clusters: &[Arc<Cluster>]| clusters.iter().find(|cluster| *cluster.name == *service).cloned();
        matches!((of(clusters), of(&live.clusters)), (Some(now), Some(before)) if Arc::ptr_eq(&now, &before))
    };
    let is_same = |live: &&Live| {
        let asked = config.jwt.iter().filter_map(|jwt| match &jwt.keys {
            KeySource::Service { service, .. } => Some(service),
            _ => None,
        });
        live.config.jwt == config.jwt
            && live.config.limit_claims() == config.limit_claims()
            && asked.into_iter().all(|service| same_keeper(live, service))
    };
    if let Some(live) = previous.filter(is_same) {
        return live.issuers.clone();
    }
    let counted: Vec<Box<str>> = config.limit_claims().into_iter().map(Into::into).collect();
    let known = previous.and_then(|live| Some((&*live.config.jwt, &**live.issuers.as_ref()?)));
    Issuers::new(config, &counted, |service| keeper(clusters, service), known)
}

/// Where a service is asked for its keys: in this process, or at its upstreams, the healthy ones first.
fn keeper(clusters: &[Arc<Cluster>], service: &str) -> Keeper {
    let cluster = clusters.iter().find(|cluster| *cluster.name == *service).cloned();
    let place = cluster.as_ref().and_then(|cluster| cluster.upstreams.first()).map(|upstream| &upstream.place);
    if let Some(Place::Mounted(mounted)) = place {
        return Keeper::Mounted(mounted.clone());
    }
    Keeper::Remote(Box::new(move |path| {
        let mut upstreams: Vec<_> = cluster.iter().flat_map(|cluster| &cluster.upstreams).cloned().collect();
        upstreams.sort_by_key(|upstream| !upstream.is_healthy());
        let questions = upstreams.into_iter().map(|upstream| {
            let path = path.to_owned();
            Box::pin(async move { upstream.ask(&path, "keys", MAX_ANSWER).await }) as Asking
        });
        questions.collect()
    }))
}
