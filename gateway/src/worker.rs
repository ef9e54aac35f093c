//! One core's share of the gateway: its runtime, its listeners, its connections to upstreams, its log and its numbers.
//! Nothing in here is shared with another worker, so nothing in here is locked.
//!
//! What a core keeps for good is its [`Core`]; what it has for one configuration is a [`Worker`]; where its connections
//! find the worker of the moment is its [`Slot`].
mod core;
mod slot;

use std::{
    cell::RefCell,
    io,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{Semaphore, watch},
    task::{JoinHandle, spawn_local},
};

use crate::{
    accept::{self, Listener},
    cluster::{Cluster, LocalCluster},
    exchange::Identity,
    h1::server::Settings,
    live::Live,
    telemetry::{
        access_log::Sink,
        metrics::{Gauges, Shard},
    },
    token::Cache,
};

pub(crate) use self::{core::Core, slot::Slot};

/// How often idle connections to upstreams are looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// Verified tokens that a worker remembers.
const TOKENS: usize = 8192;

/// What a worker starts with.
pub(crate) struct Parts {
    pub(crate) listeners: Vec<Listener>,
    /// Where cleartext requests are sent to, if they are.
    pub(crate) https_port: Option<u16>,
    pub(crate) live: Arc<Live>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) log: Sink,
    /// Connections that all workers may have open together.
    pub(crate) permits: Arc<Semaphore>,
    /// Turns true when the gateway is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) drain_timeout: Duration,
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
    /// In the order of the indexes that API keys are known by.
    pub(crate) key_holders: Vec<Rc<Identity>>,
}

impl Worker {
    fn new(core: &Rc<Core>, live: Arc<Live>, shard: Arc<Shard>) -> Rc<Self> {
        Rc::new(Self {
            core: Rc::clone(core),
            settings: Rc::new(live.settings.clone()),
            clusters: local(&live.clusters),
            authorisers: local(&live.authorisers),
            shard,
            tokens: Rc::new(RefCell::new(Cache::new(TOKENS))),
            key_holders: live.keys.iter().flat_map(|keys| keys.holders()).map(Rc::new).collect(),
            live,
        })
    }
}

fn local(clusters: &[Arc<Cluster>]) -> Vec<LocalCluster> {
    clusters.iter().enumerate().map(|(index, shared)| LocalCluster::new(index, shared)).collect()
}

/// Serves until told to stop, then until the last connection has ended or the drain's time is over.
pub(crate) fn run(parts: Parts) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(serve(parts))
}

async fn serve(mut parts: Parts) -> io::Result<()> {
    let core = Core::new(parts.log, parts.gauges, parts.https_port);
    let slot = Slot::new(Worker::new(&core, parts.live, parts.shard));
    let mut accepting: Vec<JoinHandle<()>> = Vec::new();
    for Listener { socket, is_tls } in parts.listeners {
        let listener = tokio::net::TcpListener::from_std(socket)?;
        let (permits, stop) = (Arc::clone(&parts.permits), parts.stop.clone());
        accepting.push(spawn_local(accept::accept(listener, is_tls, Rc::clone(&slot), permits, stop)));
    }
    let log = Rc::clone(&core.log);
    spawn_local(async move { log.keep_flushing().await });
    spawn_local(sweep(Rc::clone(&slot)));

    // A sender that is gone means the same as a stop.
    let _ = parts.stop.wait_for(|stop| *stop).await;
    core.drain.start();
    for task in accepting {
        let _ = task.await;
    }
    if tokio::time::timeout(parts.drain_timeout, core.drain.finished()).await.is_err() {
        tracing::warn!(connections = core.drain.open(), "the drain's time is over: what is still open is cut");
    }
    core.log.flush();
    Ok(())
}

async fn sweep(slot: Rc<Slot>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let worker = slot.current();
        worker.clusters.iter().chain(&worker.authorisers).for_each(|cluster| cluster.sweep(Instant::now()));
    }
}
