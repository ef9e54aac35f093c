//! The process: opens the ports, starts a worker for each core and the control runtime beside them, and ends all of it
//! in order.
mod descriptors;

use std::{fmt, io, net::SocketAddr, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::{Semaphore, watch},
};

use crate::{
    accept::{self, Listener},
    admin::{self, Admin},
    cluster::health,
    config::Config,
    live::Live,
    mounts::Mounts,
    openapi,
    telemetry::{
        access_log::Writer,
        metrics::{Gauges, Metrics, Shard},
    },
    worker::{self, Parts},
};

/// How long the end waits for the probes that call mounted services.
const LAST_PROBES: Duration = Duration::from_secs(1);

/// Why the gateway could not start.
#[derive(Debug)]
pub enum StartError {
    /// A listener could not be opened.
    Listen {
        /// The key in the file: `server.listen`, `server.tls.listen` or `admin.listen`.
        key: &'static str,
        /// What it says.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The system gave no thread, no timer, no signal handler.
    System(io::Error),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { key, address, error } => {
                write!(f, "cannot listen on {address} ({key}): ")?;
                match error.kind() {
                    io::ErrorKind::AddrInUse => write!(
                        f,
                        "another process has this port. Stop it (`ss -ltnp 'sport = :{}'` names it) or choose another port.",
                        address.port()
                    ),
                    io::ErrorKind::PermissionDenied => {
                        f.write_str("not allowed. Ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one.")
                    }
                    io::ErrorKind::AddrNotAvailable => {
                        f.write_str("this machine has no such address. Use 0.0.0.0 for all of its addresses.")
                    }
                    _ => error.fmt(f),
                }
            }
            Self::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Serves `config` until SIGTERM or SIGINT, then until the last request has ended or the drain's time is over. A second
/// signal ends it at once.
///
/// Prints one line with its addresses on stderr when it accepts.
pub fn run(config: &Config) -> Result<(), StartError> {
    Bound::bind(config)?.serve(&Mounts::default(), std::future::pending())
}

/// A gateway whose ports are open: connections wait until it serves. So what is mounted in it can be built knowing that
/// no other process has them.
#[derive(Debug)]
pub struct Bound<'c> {
    config: &'c Config,
    control: Runtime,
    /// For each worker.
    listeners: Vec<Vec<Listener>>,
    /// What each of them has in common.
    addresses: Vec<PublicAddress>,
    admin: TcpListener,
    /// From the first moment on: a signal that comes before it serves ends it all the same.
    signals: [Signal; 2],
}

impl<'c> Bound<'c> {
    /// Opens the ports of `config`.
    pub fn bind(config: &'c Config) -> Result<Self, StartError> {
        let control = Builder::new_multi_thread().worker_threads(1).thread_name("control").enable_all().build()?;
        let (listeners, addresses) = listen(config)?;
        let admin = control.block_on(admin::bind(config.admin.listen)).map_err(|error| StartError::Listen {
            key: "admin.listen",
            address: config.admin.listen,
            error,
        })?;
        let signals = signals(&control)?;
        Ok(Self { config, control, listeners, addresses, admin, signals })
    }

    /// As [`run`], with the services of `mounts` in this process. It also ends, in the same order, when `stop` gives a
    /// reason, which is logged. When it returns, nothing calls the mounted services any more.
    pub fn serve(
        self,
        mounts: &Mounts,
        stop: impl Future<Output = &'static str> + Send + 'static,
    ) -> Result<(), StartError> {
        let Self { config, control, listeners, addresses, admin, signals } = self;
        let live = Arc::new(Live::new(config, mounts));
        let unnamed = mounts.names().filter(|name| config.services.iter().all(|service| *service.name != **name));
        for service in unnamed {
            tracing::warn!(service, "mounted, but no route leads to it: the file has no service of this name");
        }
        let (asked, stopping) = watch::channel(false);
        let writer = Writer::start(io::stdout())?;
        let admin_address = admin.local_addr()?;
        descriptors::raise(config.server.max_connections);

        let shards: Vec<_> = listeners.iter().map(|_| Arc::new(Shard::new(live.lanes.len()))).collect();
        let gauges: Vec<_> = listeners.iter().map(|_| Arc::<Gauges>::default()).collect();
        let metrics = Metrics {
            shards: shards.clone(),
            gauges: gauges.clone(),
            labels: live.lanes.iter().map(|lane| lane.labels.clone()).collect(),
            clusters: live.clusters.clone(),
            rate_limits: live.counters.clone(),
            log_lines_dropped: writer.dropped(),
        };
        control.spawn(admin::serve(admin, Admin::new(Arc::clone(&live), metrics, config.redacted(), stopping.clone())));
        {
            let _on_control = control.enter();
            live.clusters.iter().for_each(health::watch);
            if let Some(issuers) = &live.issuers {
                issuers.watch();
            }
            openapi::watch(&live);
        }
        let certificates = config.server.tls.iter().flat_map(|tls| &tls.certificates);
        for (certificate, warning) in certificates.filter_map(|one| Some((one, one.warning?))) {
            tracing::warn!(cert = %certificate.cert.display(), "this certificate {warning}: clients will not take it");
        }
        let https_port = addresses.iter().find(|one| one.is_tls).map(|one| one.address.port());
        let permits = Arc::new(Semaphore::new(config.server.max_connections));
        let mut workers = Vec::new();
        for (index, ((listeners, shard), gauges)) in listeners.into_iter().zip(shards).zip(gauges).enumerate() {
            let parts = Parts {
                listeners,
                https_port,
                live: Arc::clone(&live),
                shard,
                gauges,
                log: writer.sink(),
                permits: Arc::clone(&permits),
                stop: stopping.clone(),
                drain_timeout: config.server.drain_timeout,
            };
            let name = format!("worker-{index}");
            workers.push(thread::Builder::new().name(name).spawn(move || worker::run(parts))?);
        }
        eprintln!("{}", banner(&addresses, workers.len(), admin_address));

        control.spawn(stop_when_asked(signals, stop, asked));
        let mut failed = None;
        for worker in workers {
            match worker.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = Some(error),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        writer.finish();
        // A probe of a mounted service ends with its runtime here, before the service itself is ended.
        control.shutdown_timeout(if mounts.is_empty() { Duration::ZERO } else { LAST_PROBES });
        failed.map_or(Ok(()), |error| Err(StartError::System(error)))
    }
}

/// Where clients connect, as the banner shows it.
#[derive(Debug)]
struct PublicAddress {
    address: SocketAddr,
    is_tls: bool,
}

/// For each worker its listeners, and the addresses that they have.
fn listen(config: &Config) -> Result<(Vec<Vec<Listener>>, Vec<PublicAddress>), StartError> {
    let mut by_worker: Vec<Vec<_>> = (0..config.server.workers).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    let cleartext = config.server.listen.iter().map(|address| ("server.listen", *address, false));
    let https = config.server.tls.iter().flat_map(|tls| &tls.listen);
    for (key, address, is_tls) in cleartext.chain(https.map(|address| ("server.tls.listen", *address, true))) {
        let opened = accept::bind(address, config.server.workers);
        let opened = opened.map_err(|error| StartError::Listen { key, address, error })?;
        addresses.push(PublicAddress { address: opened[0].local_addr()?, is_tls });
        for (worker, socket) in by_worker.iter_mut().zip(opened) {
            worker.push(Listener { socket, is_tls });
        }
    }
    Ok((by_worker, addresses))
}

fn banner(addresses: &[PublicAddress], workers: usize, admin: SocketAddr) -> String {
    let shown = addresses.iter().map(|PublicAddress { address, is_tls }| {
        let scheme = if *is_tls { "https" } else { "http" };
        format!("{scheme}://{address}")
    });
    let addresses: Vec<String> = shown.collect();
    let s = if workers == 1 { "" } else { "s" };
    format!("gateway listening on {} with {workers} worker{s}, admin on http://{admin}", addresses.join(", "))
}

fn signals(control: &Runtime) -> io::Result<[Signal; 2]> {
    let _on_control = control.enter();
    Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?])
}

async fn stop_when_asked(
    [mut terminate, mut interrupt]: [Signal; 2],
    stop: impl Future<Output = &'static str>,
    asked: watch::Sender<bool>,
) {
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    };
    tokio::select! {
        signal = next() => tracing::info!(signal, "stopping: what runs is finished first"),
        reason = stop => tracing::error!(reason, "stopping: what runs is finished first"),
    }
    // The workers hold receivers until they have ended.
    let _ = asked.send(true);
    let signal = next().await;
    tracing::warn!(signal, "stopping at once");
    std::process::exit(1);
}
