//! From a configuration to the limits of its routes.
use std::sync::Arc;

use super::{Counters, Limiter, Quota, Rate, Shared, Store};
use crate::config::{Config, LimitKey, LimitScope, RateLimit, Route, Service};

/// Makes the limits of one configuration, all on the same counters.
pub(crate) struct Limits {
    /// None where nothing has a limit.
    counters: Option<Arc<Counters>>,
    /// Where they are counted instead; none: nowhere else.
    store: Option<Arc<Store>>,
}

impl Limits {
    /// Those of `config`, counted on from where the counters of the configuration before it are: a limit that is the same
    /// in both is found again. So is the store.
    pub(crate) fn new(config: &Config, known: Option<&Arc<Counters>>, store: Option<&Arc<Store>>) -> Self {
        let mut routes = config.services.iter().flat_map(|service| &service.routes);
        let is_needed = config.rate_limit.is_some() || routes.any(|route| route.rate_limit.is_some());
        let written = config.limit_store.as_ref().filter(|_| is_needed);
        Self {
            counters: is_needed.then(|| known.map_or_else(Counters::new, Arc::clone)),
            store: written.map(|written| Store::or_known(written, store)),
        }
    }

    /// What is counted under all of them.
    pub(crate) fn counters(&self) -> Option<Arc<Counters>> {
        self.counters.clone()
    }

    /// What other gateways count in as well.
    pub(crate) fn store(&self) -> Option<Arc<Store>> {
        self.store.clone()
    }

    pub(crate) fn of_route(&self, route: &Route, service: &Service) -> Option<Rate> {
        let limit = route.rate_limit.as_ref()?;
        let identity = match limit.scope {
            LimitScope::Global => String::from("global"),
            LimitScope::Service => format!("service {}", service.name),
            LimitScope::Route => {
                let (host, written) = (&route.pattern.host, &route.written);
                let conditions = (&written.headers, &written.query);
                format!("route {} {host:?} {conditions:?}", route.pattern.text)
            }
        };
        self.rate(&identity, limit, limit.key.clone())
    }

    /// The limit of what no route takes. No token is verified there, so who would be known by a claim is its address.
    pub(crate) fn of_unrouted(&self, config: &Config) -> Option<Rate> {
        let limit = config.rate_limit.as_ref()?;
        let key = match &limit.key {
            LimitKey::Claim(_) => LimitKey::Address,
            other => other.clone(),
        };
        self.rate("global", limit, key)
    }

    fn rate(&self, identity: &str, limit: &RateLimit, key: LimitKey) -> Option<Rate> {
        let quota = Quota { requests: limit.requests, per: limit.per, burst: limit.burst };
        // By its own key, which `key` need not be.
        let identity = format!("{identity} {:?}", limit.key);
        let shared = self.store.as_ref().map(|_| Shared::new(&identity, quota));
        Some(Rate::new(key, Limiter::new(&identity, quota, self.counters.as_ref()?), shared))
    }
}
