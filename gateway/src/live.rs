//! What a checked [`Config`] becomes when it serves: the routes in match order, a [`Lane`] of rules for each, and the
//! clusters behind them. Built once, shared by all workers, never changed.
mod authorisers;
mod rules;

use std::sync::Arc;

use ipnet::IpNet;

use rules::Sources;

use crate::{
    cluster::Cluster,
    config::{Config, Service, UpstreamTimeouts},
    h1::server::Settings,
    mounts::Mounts,
    openapi::OpenApi,
    permit::{
        Permit,
        auth::{api_key::ApiKeys, jwt::Issuers},
        rate,
    },
    reserved::Reserved,
    route::RouteTable,
    telemetry::{access_log::escape_json, metrics::RouteLabels},
    tls::Acceptor,
    transform::{Transform, own::OwnFields},
};

/// A configuration that serves.
pub(crate) struct Live {
    /// `monolith` where services run in this process, else `microservices`.
    pub(crate) mode: &'static str,
    pub(crate) settings: Settings,
    /// Who the gateway is over TLS, if it is anybody.
    pub(crate) tls: Option<Acceptor>,
    /// Whether cleartext requests are sent to HTTPS.
    pub(crate) redirects_http: bool,
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
    /// What is counted under the limits; none where nothing has a limit.
    pub(crate) counters: Option<Arc<rate::Counters>>,
    /// Whether any route has a policy for requests from another origin.
    pub(crate) has_cors: bool,
    pub(crate) clusters: Vec<Arc<Cluster>>,
    /// What the services say of themselves; none where it is not to be shown.
    pub(crate) openapi: Option<Arc<OpenApi>>,
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
    /// What `config` says, with the services of `mounts` in the place of their upstreams.
    pub(crate) fn new(config: &Config, mounts: &Mounts) -> Self {
        let cluster = |service: &Service| Arc::new(Cluster::new(service, mounts.get(&service.name)));
        let clusters: Vec<_> = config.services.iter().map(cluster).collect();
        let reserved = Arc::new(rules::reserved(config));
        let mut sources = Sources::new(config, &clusters);
        let (mut lanes, mut patterns) = (Vec::new(), Vec::new());
        for (cluster, service) in config.services.iter().enumerate() {
            for route in &service.routes {
                patterns.push((route.pattern.clone(), lanes.len()));
                let labels = RouteLabels { route: route.pattern.text.clone(), service: Arc::clone(&service.name) };
                lanes.push(Lane {
                    log_fields: log_fields(&labels),
                    labels,
                    permit: Permit::new(route.max_body, sources.rules(route, service)),
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
            mode: if mounts.is_empty() { "microservices" } else { "monolith" },
            settings: Settings {
                timeouts: config.server.timeouts,
                limits: config.server.limits,
                reserved: Arc::clone(&reserved),
            },
            tls: config.server.tls.as_ref().map(Acceptor::new),
            redirects_http: config.server.tls.as_ref().is_some_and(|tls| tls.redirect_http),
            trusted_proxies: config.server.trusted_proxies.clone(),
            routes: RouteTable::build(patterns).expect("a checked configuration has no conflicting routes"),
            unrouted: Permit::new(config.server.limits.body, sources.unrouted(config)),
            counters: sources.limits.counters(),
            has_cors: config.cors.is_some() || lanes.iter().any(|lane| lane.permit.cors().is_some()),
            lanes,
            clusters,
            openapi: config.server.docs.then(|| Arc::new(OpenApi::new())),
            authorisers: sources.authorisers.clusters,
            reserved,
            issuers: sources.issuers,
            keys: sources.keys,
        }
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
