//! What a checked [`Config`] becomes when it serves: the routes in match order, a [`Lane`] of rules for each, and the
//! clusters behind them. Built once for each configuration, shared by all workers, never changed; what the file says the
//! same of as before is the last one's.
mod authorisers;
mod lanes;
mod rules;

use std::sync::Arc;

use ipnet::IpNet;

use lanes::Lanes;
use rules::Sources;

use crate::{
    acme::Acme,
    cache::{RouteCache, Store},
    cluster::{Cluster, health, hedge::Hedging},
    config::{Coding, Config, Redirect, Retry, Service, UpstreamTimeouts},
    degrade::Fallback,
    h1::server::Settings,
    mirror::Mirror,
    mounts::Mounts,
    names::Addresses,
    openapi::{self, OpenApi},
    permit::{
        Permit,
        auth::{api_key::ApiKeys, jwt::Issuers},
        rate,
    },
    reserved::Reserved,
    route::RouteTable,
    split::Split,
    tallies::Tallies,
    telemetry::metrics::RouteLabels,
    tls::Acceptor,
    transform::Transform,
};

/// A configuration that serves.
pub(crate) struct Live {
    pub(crate) config: Config,
    /// What the names in it stood for when it was built.
    pub(crate) addresses: Addresses,
    /// `monolith` where services run in this process, else `microservices`.
    pub(crate) mode: &'static str,
    pub(crate) settings: Settings,
    /// Who the gateway is over TLS, if it is anybody.
    pub(crate) tls: Option<Arc<Acceptor>>,
    /// Who issues a certificate, if anybody does.
    pub(crate) acme: Option<Arc<Acme>>,
    /// The port of the first HTTPS listener, where there is any.
    pub(crate) https_port: Option<u16>,
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
    /// Those that [`Live::routes`] leads to, and those among which a split divides one.
    pub(crate) lanes: Vec<Lane>,
    /// For what no route takes: the limit and the policy of the file as a whole.
    pub(crate) unrouted: Permit,
    /// What is counted under the limits; none where nothing has a limit.
    pub(crate) counters: Option<Arc<rate::Counters>>,
    /// Where other gateways count as well; none: nowhere.
    pub(crate) limit_store: Option<Arc<rate::Store>>,
    /// Whether any route has a policy for requests from another origin.
    pub(crate) has_cors: bool,
    pub(crate) clusters: Vec<Arc<Cluster>>,
    /// What the services say of themselves; none where it is not to be shown.
    pub(crate) openapi: Option<Arc<OpenApi>>,
    /// The authorisers that are no service of the file.
    pub(crate) authorisers: Vec<Arc<Cluster>>,
    /// Stored answers; none where no route stores any.
    pub(crate) cache: Option<Arc<Store>>,
    /// Numbers that are kept over reloads.
    pub(crate) tallies: Arc<Tallies>,
}

/// The rules of one route, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) labels: RouteLabels,
    pub(crate) permit: Permit,
    pub(crate) transform: Transform,
    pub(crate) timeouts: UpstreamTimeouts,
    /// When it is sent again; none: never.
    pub(crate) retry: Option<Retry>,
    /// When it is sent to another upstream as well; none: never.
    pub(crate) hedge: Option<Box<Hedging>>,
    /// The index of the cluster that it goes to.
    pub(crate) cluster: usize,
    /// How its answers are stored; none: not at all.
    pub(crate) cache: Option<Arc<RouteCache>>,
    /// The codings that its answers may be compressed in; none: they are sent as they are.
    pub(crate) compress: Option<Arc<[Coding]>>,
    /// Where its clients are sent instead.
    pub(crate) redirect: Option<Box<Redirect>>,
    /// Among which lanes its requests are divided.
    pub(crate) split: Option<Box<Split>>,
    /// Who gets copies of its requests.
    pub(crate) mirror: Option<Box<Mirror>>,
    /// What clients get where the service gives no answer.
    pub(crate) fallback: Option<Fallback>,
    /// `,"route":"/users","service":"user"`, as the access log has it.
    pub(crate) log_fields: Vec<u8>,
}

/// What the file does not say, and what it means depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'s> {
    /// The services of this process.
    pub(crate) mounts: &'s Mounts,
    /// What the names in it stand for.
    pub(crate) addresses: &'s Addresses,
    /// The port of the first HTTPS listener, if there is one.
    pub(crate) https_port: Option<u16>,
}

impl Lane {
    /// Whether requests go on to the cluster of this index.
    pub(crate) fn leads_to(&self, cluster: usize) -> bool {
        self.redirect.is_none() && self.split.as_ref().map_or(self.cluster == cluster, |split| split.leads_to(cluster))
    }
}

impl Live {
    /// What `config` says, with the services of `mounts` in the place of their upstreams. Clusters, keys of issuers and
    /// counters that are no others than in `previous` are its own.
    pub(crate) fn new(config: Config, around: &Surroundings<'_>, previous: Option<&Self>) -> Self {
        let Surroundings { mounts, addresses, https_port } = *around;
        let cluster = |service: &Service| {
            let known = previous.and_then(|live| live.clusters.iter().find(|known| known.name == service.name));
            Cluster::new(service, addresses, mounts.get(&service.name)).or_known(known)
        };
        let clusters: Vec<_> = config.services.iter().map(cluster).collect();
        let reserved = Arc::new(rules::reserved(&config));
        let mut sources = Sources::new(&config, addresses, &clusters, previous);
        let tallies = previous.map_or_else(Arc::default, |live| Arc::clone(&live.tallies));
        let cache = store(&config, previous);
        let mut lanes = Lanes {
            config: &config,
            sources: &mut sources,
            tallies: &tallies,
            cache: cache.as_ref(),
            list: Vec::new(),
        };
        let mut patterns = Vec::new();
        for (cluster, service) in config.services.iter().enumerate() {
            for route in &service.routes {
                patterns.push((route.pattern.clone(), lanes.add(route, cluster)));
            }
        }
        let lanes = lanes.list;
        let unrouted = Permit::new(config.server.limits.body, sources.unrouted(&config));
        let Sources { limits, issuers, keys, authorisers, .. } = sources;
        let (authorisers, counters, limit_store) = (authorisers.clusters, limits.counters(), limits.store());
        let routes = RouteTable::build(patterns).expect("a checked configuration has no conflicting routes");
        Self {
            mode: if mounts.is_empty() { "microservices" } else { "monolith" },
            settings: Settings {
                timeouts: config.server.timeouts,
                limits: config.server.limits,
                reserved: Arc::clone(&reserved),
            },
            // A listener that closes because the file has none any more still serves who came before.
            tls: config.server.tls.as_ref().map(|tls| Arc::new(Acceptor::new(tls))).or_else(|| previous?.tls.clone()),
            acme: config
                .server
                .tls
                .as_ref()
                .and_then(|tls| tls.acme.as_ref())
                .map(|acme| Acme::or_known(acme, previous.and_then(|live| live.acme.as_ref()))),
            https_port,
            redirects_http: config.server.tls.as_ref().is_some_and(|tls| tls.redirect_http),
            trusted_proxies: config.server.trusted_proxies.clone(),
            routes,
            unrouted,
            counters,
            limit_store,
            has_cors: config.cors.is_some() || lanes.iter().any(|lane| lane.permit.cors().is_some()),
            lanes,
            clusters,
            authorisers,
            cache,
            tallies,
            openapi: config.server.docs.then(|| Arc::new(OpenApi::new())),
            reserved,
            issuers,
            keys,
            config,
            addresses: addresses.clone(),
        }
    }

    /// What `config` says with nothing around it: no service in this process, no name that resolves.
    #[cfg(test)]
    pub(crate) fn alone(config: Config) -> Self {
        let (mounts, addresses) = (Mounts::default(), Addresses::default());
        Self::new(config, &Surroundings { mounts: &mounts, addresses: &addresses, https_port: None }, None)
    }

    /// Starts, on the current runtime, to probe upstreams and to fetch keys; what `previous` does already goes on.
    pub(crate) fn watch(self: &Arc<Self>, previous: Option<&Self>) {
        openapi::watch(self);
        let known =
            |cluster| previous.is_some_and(|live| live.clusters.iter().any(|known| Arc::ptr_eq(known, cluster)));
        self.clusters.iter().filter(|cluster| !known(cluster)).for_each(health::watch);
        if let Some(acme) = &self.acme
            && !previous.is_some_and(|live| live.has_acme(acme))
        {
            acme.watch();
        }
        if let Some(issuers) = &self.issuers {
            match previous.and_then(|live| live.issuers.as_ref()) {
                // A file of keys may be another without a change in this one.
                Some(known) if Arc::ptr_eq(known, issuers) => issuers.read_files_again(),
                _ => issuers.watch(),
            }
        }
    }

    /// Ends what this one does in the background and `next` does not go on with.
    pub(crate) fn retire(&self, next: &Self) {
        let is_gone = |cluster: &&Arc<Cluster>| !next.clusters.iter().any(|kept| Arc::ptr_eq(kept, cluster));
        self.clusters.iter().filter(is_gone).for_each(|cluster| cluster.probes.end());
        if let Some(issuers) = &self.issuers
            && !next.issuers.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, issuers))
        {
            issuers.end();
        }
        if let Some(acme) = &self.acme
            && !next.has_acme(acme)
        {
            acme.end();
        }
        if let Some(openapi) = &self.openapi {
            openapi.retire();
        }
    }
}

impl Live {
    fn has_acme(&self, acme: &Arc<Acme>) -> bool {
        self.acme.as_ref().is_some_and(|own| Arc::ptr_eq(own, acme))
    }
}

/// Where the answers of `config` are stored: those of `previous` are there still.
fn store(config: &Config, previous: Option<&Live>) -> Option<Arc<Store>> {
    let mut routes = config.services.iter().flat_map(|service| &service.routes);
    let max = usize::try_from(config.cache_size).unwrap_or(usize::MAX);
    routes.any(|route| route.cache.is_some()).then(|| {
        let known = previous.and_then(|live| live.cache.as_ref());
        known.map_or_else(
            || Store::new(max),
            |store| {
                store.resize(max);
                Arc::clone(store)
            },
        )
    })
}
