//! What a checked [`Config`] becomes when it serves: the routes in match order, a [`Lane`] of rules for each, and the
//! clusters behind them. Built once, shared by all workers, never changed.
use std::sync::Arc;

use ipnet::IpNet;

use crate::{
    cluster::Cluster,
    config::{AuthMode, Config, Route, UpstreamTimeouts},
    h1::server::Settings,
    permit::{
        Permit, Rules,
        auth::{
            Auth,
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
    /// Which lane a request takes, as an index.
    pub(crate) routes: RouteTable<usize>,
    pub(crate) lanes: Vec<Lane>,
    /// For what no route takes: the limit and the policy of the file as a whole.
    pub(crate) unrouted: Permit,
    /// Whether any route has a policy for requests from another origin.
    pub(crate) has_cors: bool,
    pub(crate) clusters: Vec<Arc<Cluster>>,
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
        let reserved = Arc::new(Reserved::new(config.jwt.iter().flat_map(|jwt| &jwt.claims).map(|(_, name)| name)));
        // No limit counts by a claim yet.
        let issuers = Issuers::new(config, &[], |service| bases(&clusters, service));
        let (mut lanes, mut patterns) = (Vec::new(), Vec::new());
        for (cluster, service) in config.services.iter().enumerate() {
            for route in &service.routes {
                patterns.push((route.pattern.clone(), lanes.len()));
                let labels = RouteLabels { route: route.pattern.text.clone(), service: Arc::clone(&service.name) };
                lanes.push(Lane {
                    log_fields: log_fields(&labels),
                    labels,
                    permit: Permit { max_body: route.max_body, rules: rules(route, issuers.as_ref()) },
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
            reserved,
            issuers,
        }
    }
}

/// What a route asks of its requests, beside the size of their bodies.
fn rules(route: &Route, issuers: Option<&Arc<Issuers>>) -> Option<Box<Rules>> {
    let asks = route.auth != AuthMode::None && issuers.is_some();
    let auth = asks.then(|| Auth {
        is_optional: route.auth == AuthMode::Optional,
        scopes: route.scopes.clone(),
        tokens: issuers.cloned(),
        keys: None,
    });
    Rules { auth, ..Rules::default() }.boxed()
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
