//! One core's share of the gateway: its runtime, its listeners, its connections to upstreams, its log and its numbers.
//! Nothing in here is shared with another worker, so nothing in here is locked.
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
    accept,
    cluster::{Cluster, LocalCluster},
    exchange::Identity,
    live::Live,
    shutdown::Drain,
    telemetry::{
        access_log::{AccessLog, Sink},
        clock::Clock,
        metrics::Shard,
    },
    token::{Cache, LastHeader},
};

/// How often idle connections to upstreams are looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// Verified tokens that a worker remembers.
const TOKENS: usize = 8192;

/// What a worker starts with.
pub(crate) struct Parts {
    pub(crate) listeners: Vec<std::net::TcpListener>,
    pub(crate) live: Arc<Live>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) log: Sink,
    /// Connections that all workers may have open together.
    pub(crate) permits: Arc<Semaphore>,
    /// Turns true when the gateway is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) drain_timeout: Duration,
}

/// What the walk of a request stands on.
pub(crate) struct Worker {
    pub(crate) live: Arc<Live>,
    /// In the order of [`Live::clusters`].
    pub(crate) clusters: Vec<LocalCluster>,
    /// In the order of [`Live::authorisers`].
    pub(crate) authorisers: Vec<LocalCluster>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) log: Rc<AccessLog>,
    pub(crate) clock: Clock,
    pub(crate) drain: Rc<Drain>,
    /// Whose tokens were found good.
    pub(crate) tokens: RefCell<Cache>,
    pub(crate) last_header: RefCell<LastHeader>,
    /// Who holds the API keys, in the order of [`ApiKeys::holders`].
    ///
    /// [`ApiKeys::holders`]: crate::permit::auth::api_key::ApiKeys::holders
    pub(crate) key_holders: Vec<Rc<Identity>>,
    random: RefCell<fastrand::Rng>,
}

impl Worker {
    fn new(live: Arc<Live>, shard: Arc<Shard>, log: Sink) -> Rc<Self> {
        Rc::new(Self {
            clusters: local(&live.clusters),
            authorisers: local(&live.authorisers),
            key_holders: live.keys.iter().flat_map(|keys| keys.holders()).map(Rc::new).collect(),
            live,
            shard,
            log: AccessLog::new(log),
            clock: Clock::new(),
            drain: Drain::new(),
            tokens: RefCell::new(Cache::new(TOKENS)),
            last_header: RefCell::default(),
            random: RefCell::new(fastrand::Rng::new()),
        })
    }

    /// 128 random bits for ids: unlikely to meet again, no secret.
    pub(crate) fn random_u128(&self) -> u128 {
        self.random.borrow_mut().u128(..)
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
    let worker = Worker::new(parts.live, parts.shard, parts.log);
    let mut accepting: Vec<JoinHandle<()>> = Vec::new();
    for listener in parts.listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (permits, stop) = (Arc::clone(&parts.permits), parts.stop.clone());
        accepting.push(spawn_local(accept::accept(listener, Rc::clone(&worker), permits, stop)));
    }
    let log = Rc::clone(&worker.log);
    spawn_local(async move { log.keep_flushing().await });
    spawn_local(sweep(Rc::clone(&worker)));

    // A sender that is gone means the same as a stop.
    let _ = parts.stop.wait_for(|stop| *stop).await;
    worker.drain.start();
    for task in accepting {
        let _ = task.await;
    }
    if tokio::time::timeout(parts.drain_timeout, worker.drain.finished()).await.is_err() {
        tracing::warn!(connections = worker.drain.open(), "the drain's time is over: what is still open is cut");
    }
    worker.log.flush();
    Ok(())
}

async fn sweep(worker: Rc<Worker>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        worker.clusters.iter().chain(&worker.authorisers).for_each(|cluster| cluster.sweep(Instant::now()));
    }
}
