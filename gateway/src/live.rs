//! What a checked [`Config`] becomes when it serves: the routes in match order, a [`Lane`] of rules for each, and the
//! clusters behind them. Built once, shared by all workers, never changed.
mod authorisers;

use std::sync::Arc;

use authorisers::Authorisers;
use http::HeaderName;
use ipnet::IpNet;

use crate::{
    cluster::Cluster,
    config::{AuthMode, Config, KeyPlace, Route, UpstreamTimeouts},
    h1::server::Settings,
    permit::{
        Permit, Rules,
        auth::{
            Auth,
            api_key::ApiKeys,
            jwt::{Bases, Issuers},
        },
    },
    reserved::Reserved,
    route::RouteTable,
    telemetry::{access_log::escape_json, metrics::RouteLabels},
    transform::{Transform, own::OwnFields},
};

/// A configuration that serves.
pub(crate) struct Live {
    pub(crate) settings: Settings,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Fields that a client may not send.
    pub(crate) reserved: Arc<Reserved>,
    /// `[[jwt]]`, if there is any.
    pub(crate) issuers: Option<Arc<Issuers>>,
    /// `[[api_key]]`, if there is any.
    pub(crate) keys: Option<Arc<ApiKeys>>,
    /// Which lane a request takes, as an index.
    pub(crate) routes: RouteTable<usize>,
    pub(crate) lanes: Vec<Lane>,
    /// For what no route takes: the limit and the policy of the file as a whole.
    pub(crate) unrouted: Permit,
    /// Whether any route has a policy for requests from another origin.
    pub(crate) has_cors: bool,
    pub(crate) clusters: Vec<Arc<Cluster>>,
    /// The authorisers that are no service of the file.
    pub(crate) authorisers: Vec<Arc<Cluster>>,
}

/// The rules of one route, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) labels: RouteLabels,
    pub(crate) permit: Permit,
    pub(crate) transform: Transform,
    pub(crate) timeouts: UpstreamTimeouts,
    /// The index of the cluster that it goes to.
    pub(crate) cluster: usize,
    /// `,"route":"/users","service":"user"`, as the access log has it.
    pub(crate) log_fields: Vec<u8>,
}

impl Live {
    pub(crate) fn new(config: &Config) -> Self {
        let clusters: Vec<_> = config.services.iter().map(|service| Arc::new(Cluster::new(service))).collect();
        let reserved = Arc::new(Reserved::new(identity_fields(config)));
        let mut sources = Sources {
            // No limit counts by a claim yet.
            issuers: Issuers::new(config, &[], |service| bases(&clusters, service)),
            keys: ApiKeys::new(config),
            authorisers: Authorisers::of(config),
        };
        let (mut lanes, mut patterns) = (Vec::new(), Vec::new());
        for (cluster, service) in config.services.iter().enumerate() {
            for route in &service.routes {
                patterns.push((route.pattern.clone(), lanes.len()));
                let labels = RouteLabels { route: route.pattern.text.clone(), service: Arc::clone(&service.name) };
                lanes.push(Lane {
                    log_fields: log_fields(&labels),
                    labels,
                    permit: Permit { max_body: route.max_body, rules: rules(route, &mut sources) },
                    transform: Transform {
                        strip_prefix: route.strip_prefix.clone(),
                        rewrite: route.rewrite.clone(),
                        own: OwnFields::under(&route.request_headers),
                        request: route.request_headers.clone(),
                        response: route.response_headers.clone(),
                    },
                    timeouts: route.timeouts,
                    cluster,
                });
            }
        }
        Self {
            settings: Settings {
                timeouts: config.server.timeouts,
                limits: config.server.limits,
                reserved: Arc::clone(&reserved),
            },
            trusted_proxies: config.server.trusted_proxies.clone(),
            routes: RouteTable::build(patterns).expect("a checked configuration has no conflicting routes"),
            unrouted: Permit { max_body: config.server.limits.body, rules: None },
            has_cors: lanes.iter().any(|lane| lane.permit.rules.as_ref().is_some_and(|rules| rules.cors.is_some())),
            lanes,
            clusters,
            authorisers: sources.authorisers.clusters,
            reserved,
            issuers: sources.issuers,
            keys: sources.keys,
        }
    }
}

/// What the rules of routes are made of.
struct Sources<'c> {
    issuers: Option<Arc<Issuers>>,
    keys: Option<Arc<ApiKeys>>,
    authorisers: Authorisers<'c>,
}

/// What a route asks of its requests, beside the size of their bodies.
fn rules(route: &Route, sources: &mut Sources<'_>) -> Option<Box<Rules>> {
    let asks = route.auth != AuthMode::None && (sources.issuers.is_some() || sources.keys.is_some());
    let auth = asks.then(|| Auth {
        is_optional: route.auth == AuthMode::Optional,
        scopes: route.scopes.clone(),
        tokens: sources.issuers.clone(),
        keys: sources.keys.clone(),
    });
    let forward_auth = route.forward_auth.as_ref().map(|on| sources.authorisers.rule(on));
    Rules { keys: sources.keys.clone(), auth, forward_auth, ..Rules::default() }.boxed()
}

/// The fields by which a service knows its caller, and those that carry keys: no client's own gets through.
fn identity_fields(config: &Config) -> impl Iterator<Item = &HeaderName> {
    let tokens = config.jwt.iter().flat_map(|jwt| &jwt.claims).map(|(_, name)| name);
    let keys = config.api_keys.iter().flat_map(|block| {
        let shown = if let KeyPlace::Header(name) = &block.place { Some(name) } else { None };
        [shown, block.name_header.as_ref(), block.scope_header.as_ref()].into_iter().flatten()
    });
    let routes = config.services.iter().flat_map(|service| &service.routes);
    tokens.chain(keys).chain(routes.filter_map(|route| route.forward_auth.as_ref()).flat_map(|asked| &asked.headers))
}

/// Where a service's upstreams are, the healthy ones first.
fn bases(clusters: &[Arc<Cluster>], service: &str) -> Bases {
    let cluster = clusters.iter().find(|cluster| *cluster.name == *service).cloned();
    Box::new(move || {
        let mut upstreams: Vec<_> = cluster.iter().flat_map(|cluster| &cluster.upstreams).collect();
        upstreams.sort_by_key(|upstream| !upstream.is_healthy());
        upstreams.iter().filter_map(|upstream| upstream.url.parse().ok()).collect()
    })
}

fn log_fields(labels: &RouteLabels) -> Vec<u8> {
    let mut fields = b",\"route\":\"".to_vec();
    escape_json(&mut fields, &labels.route);
    fields.extend_from_slice(b"\",\"service\":\"");
    escape_json(&mut fields, &labels.service);
    fields.push(b'"');
    fields
}
