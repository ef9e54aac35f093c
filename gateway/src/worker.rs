//! One core's share of the gateway: its runtime, its listeners, its connections to upstreams, its log and its numbers.
//! Nothing in here is shared with another worker, so nothing in here is locked.
//!
//! What a core keeps for good is its [`Core`]; what it has for one configuration is a [`Worker`]; where its connections
//! find the worker of the moment is its [`Slot`].
mod core;
mod doors;
mod orders;
mod slot;

use std::{cell::RefCell, io, rc::Rc, sync::Arc};

use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{Semaphore, mpsc},
};

use crate::{
    cluster::{Cluster, LocalCluster},
    exchange::Identity,
    h1::server::Settings,
    live::Live,
    permit::rate::Link,
    telemetry::{
        access_log::Sink,
        metrics::{Gauges, Shard},
    },
    token::Cache,
};

pub(crate) use self::{core::Core, doors::Listener, orders::Order, slot::Slot};

/// Verified tokens that a worker remembers.
const TOKENS: usize = 8192;

/// What a worker starts with.
pub(crate) struct Parts {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) live: Arc<Live>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) log: Sink,
    /// Connections that all workers may have open together.
    pub(crate) permits: Arc<Semaphore>,
    /// What it is told from then on.
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
}

/// Serves until told to stop, and to the end of what runs then.
pub(crate) fn run(parts: Parts) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(orders::serve(parts))
}

/// One configuration on one core: what the walk of a request stands on.
pub(crate) struct Worker {
    pub(crate) core: Rc<Core>,
    pub(crate) live: Arc<Live>,
    pub(crate) settings: Rc<Settings>,
    /// In the order of [`Live::clusters`].
    pub(crate) clusters: Vec<LocalCluster>,
    /// In the order of [`Live::authorisers`].
    pub(crate) authorisers: Vec<LocalCluster>,
    pub(crate) shard: Arc<Shard>,
    /// Whom verified tokens belong to, by the rules of [`Live::issuers`].
    pub(crate) tokens: Rc<RefCell<Cache>>,
    /// The way to [`Live::limit_store`].
    pub(crate) limits: Option<Rc<Link>>,
    /// In the order of the indexes that API keys are known by.
    pub(crate) key_holders: Vec<Rc<Identity>>,
}

impl Worker {
    /// What `live` is on this core. Idle connections, the balancers' places and verified tokens are those of `known` where
    /// what they depend on is no other.
    fn new(core: &Rc<Core>, live: Arc<Live>, shard: Arc<Shard>, known: Option<&Self>) -> Rc<Self> {
        let same_issuers = |known: &&Self| match (&known.live.issuers, &live.issuers) {
            (Some(known), Some(now)) => Arc::ptr_eq(known, now),
            _ => false,
        };
        let limits = live.limit_store.as_ref().map(|store| {
            let kept = known.and_then(|known| known.limits.as_ref()).filter(|link| link.is_to(store));
            kept.map_or_else(|| Link::new(store), Rc::clone)
        });
        let tokens = known.filter(same_issuers).map(|known| Rc::clone(&known.tokens));
        Rc::new(Self {
            core: Rc::clone(core),
            settings: Rc::new(live.settings.clone()),
            clusters: local(&live.clusters, known.map_or(&[], |known| &known.clusters)),
            authorisers: local(&live.authorisers, known.map_or(&[], |known| &known.authorisers)),
            shard,
            tokens: tokens.unwrap_or_else(|| Rc::new(RefCell::new(Cache::new(TOKENS)))),
            limits,
            key_holders: live.keys.iter().flat_map(|keys| keys.holders()).map(Rc::new).collect(),
            live,
        })
    }

    /// Closes the connections to upstreams on which nothing runs, and the others once that has ended.
    fn close(&self) {
        self.clusters.iter().chain(&self.authorisers).for_each(|cluster| cluster.retire(&[]));
    }

    /// Lets go of what `next` does not go on with; requests that have begun under this one end under it.
    fn retire(&self, next: &Self) {
        self.clusters.iter().for_each(|cluster| cluster.retire(&next.clusters));
        self.authorisers.iter().for_each(|cluster| cluster.retire(&next.authorisers));
    }
}

fn local(clusters: &[Arc<Cluster>], known: &[LocalCluster]) -> Vec<LocalCluster> {
    clusters.iter().enumerate().map(|(index, shared)| LocalCluster::new(index, shared, known)).collect()
}
