//! What runs beside the workers for as long as the process lives: it waits for signals, for changed files and for the end.
use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex},
};

use arc_swap::ArcSwap;
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::{AbortHandle, JoinHandle},
    time::{MissedTickBehavior, interval},
};

use super::{
    StartError,
    handover::TakenOver,
    notify::{State, notify},
    public::Public,
    reload::Reading,
    signals::{Asked, Signals},
    threads::Threads,
    upgrade::taken_over,
    watch::{self, Files},
};
use crate::{
    accept::{Endpoint, Queue},
    admin::{self, Admin},
    config::{Config, Server},
    live::{Live, Surroundings},
    mounts::Mounts,
    names::Names,
    telemetry::{
        access_log::Writer,
        messages::{Messages, say},
        metrics::{Generations, Metrics, Reloads, Shard},
    },
};

/// The process while it serves.
pub(super) struct Supervisor {
    pub(super) live: Arc<Live>,
    pub(super) mounts: Mounts,
    pub(super) metrics: Arc<Metrics>,
    pub(super) admin: Arc<Admin>,
    /// None once another process has it.
    pub(super) admin_door: Option<AdminDoor>,
    pub(super) public: Public,
    pub(super) threads: Threads,
    pub(super) writer: Writer,
    /// Connections that all workers may have open together.
    pub(super) permits: Arc<Semaphore>,
    pub(super) files: Files,
    pub(super) names: Names,
}

/// The admin listener; its connections outlive it.
pub(super) struct AdminDoor {
    pub(super) listener: Arc<TcpListener>,
    accepting: AbortHandle,
}

impl AdminDoor {
    pub(super) fn open(listener: std::net::TcpListener, admin: &Arc<Admin>) -> io::Result<Self> {
        let listener = Arc::new(TcpListener::from_std(listener)?);
        let accepting = tokio::spawn(admin::serve(Arc::clone(&listener), Arc::clone(admin))).abort_handle();
        Ok(Self { listener, accepting })
    }
}

impl Drop for AdminDoor {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Supervisor {
    /// Starts the workers of `config`, and what goes on beside them.
    pub(super) async fn start(
        config: Config,
        mounts: Mounts,
        mut public: Public,
        admin: std::net::TcpListener,
    ) -> Result<Self, StartError> {
        let unnamed = mounts.names().filter(|name| config.services.iter().all(|service| *service.name != **name));
        for service in unnamed {
            tracing::warn!(service, "mounted, but no route leads to it: the file has no service of this name");
        }
        let files = Files::new(&config.sources);
        let mut names = Names::default();
        let addresses = names.follow(&config, &mounts).await;
        let around = Surroundings { mounts: &mounts, addresses: &addresses, https_port: public.https_port() };
        let live = Arc::new(Live::new(config, &around, None));
        let writer = Writer::start(io::stdout())?;
        let mut threads = Threads::new();
        let metrics = Arc::new(Metrics {
            live: ArcSwap::from(Arc::clone(&live)),
            generations: Generations::default(),
            gauges: Mutex::default(),
            connecting: Arc::clone(&threads.connecting),
            reloads: Reloads::default(),
            log_lines_dropped: writer.dropped(),
        });
        let admin_address = admin.local_addr()?;
        let tells = Arc::new(Admin::new(Arc::clone(&metrics)));
        let admin_door = AdminDoor::open(admin, &tells)?;
        warn_of_certificates(&live.config.server);
        live.watch(None);
        let permits = Arc::new(Semaphore::new(live.config.server.max_connections));
        let listeners = public.take_listeners();
        let shards = shards(&live, listeners.len());
        for (listeners, shard) in listeners.into_iter().zip(&shards) {
            threads.start(listeners, (&live, shard), writer.sink(), &permits)?;
        }
        metrics.generations.open(&live, shards);
        *metrics.gauges() = threads.gauges();
        say(&banner(public.bound(), threads.count(), admin_address));
        Ok(Self {
            live,
            mounts,
            metrics,
            admin: tells,
            admin_door: Some(admin_door),
            public,
            threads,
            writer,
            permits,
            files,
            names,
        })
    }

    /// Does what it is told until it is to stop, then ends what runs.
    pub(super) async fn supervise(
        mut self,
        mut signals: Signals,
        stop: impl Future<Output = &'static str>,
    ) -> Result<(), StartError> {
        let mut failed = None;
        let mut successor: Option<JoinHandle<Result<TakenOver, String>>> = None;
        let mut reading: Option<Reading> = None;
        let mut stop = pin!(stop);
        let mut looks = interval(watch::INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.threads.count() > 0 {
            tokio::select! {
                asked = signals.next() => match asked {
                    // The new process reads the file anyway; should it not serve, the next look sees the difference.
                    Asked::Reload if successor.is_some() => {}
                    Asked::Reload => match &mut reading {
                        Some(reading) => reading.again(),
                        None => reading = Some(self.read(true)),
                    },
                    Asked::HandOver => if successor.is_none() {
                        successor = self.start_successor().await;
                    },
                    Asked::Stop(signal) => {
                        tracing::info!(signal, "stopping: what runs is finished first");
                        break;
                    }
                },
                reason = &mut stop => {
                    tracing::error!(reason, "stopping: what runs is finished first");
                    break;
                }
                _ = looks.tick() => {
                    self.metrics.generations.close_finished();
                    if successor.is_none() && reading.is_none() && self.files.look() {
                        reading = Some(self.read(false));
                    }
                }
                // However long the file system takes, signals are heard.
                loaded = async { reading.as_mut().expect("it is there").end().await }, if reading.is_some() => {
                    // The new process has read the file itself.
                    if let Some(read) = reading.take().filter(|_| successor.is_none()) {
                        self.reload(&read, loaded).await;
                        reading = read.is_wanted_again().then(|| self.read(true));
                    }
                }
                () = self.names.changed(), if successor.is_none() => self.readdress().await,
                outcome = async { successor.as_mut().expect("it is there").await }, if successor.is_some() => {
                    successor = None;
                    if let Some(TakenOver { process, unused }) = taken_over(outcome) {
                        tracing::info!(process, "a new process accepts: this one finishes what runs");
                        notify(State::TakenOver(process));
                        self.admin_door = None;
                        // Nobody else accepts there any more.
                        self.threads.unlisten(&unused);
                        return self.end(Queue::Leave, signals, failed).await;
                    }
                }
                ended = self.threads.ended() => {
                    failed = failed.or(ended.err());
                    *self.metrics.gauges() = self.threads.gauges();
                }
            }
        }
        self.end(Queue::Serve, signals, failed).await
    }

    /// Ends what runs, within the drain's time; a second signal cuts it off.
    async fn end(
        mut self,
        queue: Queue,
        mut signals: Signals,
        mut failed: Option<io::Error>,
    ) -> Result<(), StartError> {
        self.admin.stop();
        if queue == Queue::Serve {
            notify(State::Stopping);
        }
        self.threads.stop(queue);
        while self.threads.count() > 0 {
            tokio::select! {
                ended = self.threads.ended() => failed = failed.or(ended.err()),
                asked = signals.next() => if let Asked::Stop(signal) = asked {
                    tracing::warn!(signal, "stopping at once");
                    Messages::finish();
                    std::process::exit(1);
                },
            }
        }
        self.writer.finish();
        failed.map_or(Ok(()), |error| Err(StartError::System(error)))
    }
}

/// What so many workers count in.
pub(super) fn shards(live: &Live, workers: usize) -> Vec<Arc<Shard>> {
    (0..workers).map(|_| Arc::new(Shard::new(live.lanes.len()))).collect()
}

/// Says which certificates no client will take, though they can be shown.
pub(super) fn warn_of_certificates(server: &Server) {
    let certificates = server.tls.iter().flat_map(|tls| &tls.certificates);
    for (certificate, warning) in certificates.filter_map(|one| Some((one, one.warning?))) {
        tracing::warn!(cert = %certificate.cert.display(), "this certificate {warning}: clients will not take it");
    }
}

fn banner(addresses: impl Iterator<Item = Endpoint>, workers: usize, admin: SocketAddr) -> String {
    let addresses: Vec<String> = addresses.map(|endpoint| endpoint.to_string()).collect();
    let s = if workers == 1 { "" } else { "s" };
    format!("gateway listening on {} with {workers} worker{s}, admin on http://{admin}", addresses.join(", "))
}
