//! The process: opens the ports, starts a worker for each core and the control runtime beside them, applies what changes
//! in the file, and ends all of it in order.
mod descriptors;
mod handover;
mod inherited;
mod notify;
mod public;
mod reload;
mod signals;
mod supervisor;
mod threads;
mod upgrade;
mod watch;

use std::{fmt, io, net::SocketAddr, time::Duration};

use tokio::runtime::{Builder, Runtime};

use crate::{admin, config::Config, mounts::Mounts};

use handover::Purpose;
use inherited::{Inherited, Taken};
use notify::{State, notify};
use public::Public;
use signals::Signals;
use supervisor::Supervisor;

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
/// signal ends it at once. What changes in its file meanwhile is applied, at once or on SIGHUP; on SIGUSR2 a new process
/// takes over.
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
    public: Public,
    admin: std::net::TcpListener,
    inherited: Inherited,
    /// From the first moment on: a signal that comes before it serves ends it all the same.
    signals: Signals,
}

impl<'c> Bound<'c> {
    /// Opens the ports of `config`.
    pub fn bind(config: &'c Config) -> Result<Self, StartError> {
        let control = Builder::new_multi_thread().worker_threads(1).thread_name("control").enable_all().build()?;
        let signals = Signals::new(&control)?;
        let mut inherited = Inherited::receive()?;
        let public = Public::bind(&config.server, &mut inherited)?;
        let address = config.admin.listen;
        let admin = match inherited.take(Purpose::Admin, address)?.pop() {
            Some(Taken { socket, .. }) => socket,
            None => admin::bind(address).map_err(|error| StartError::Listen { key: "admin.listen", address, error })?,
        };
        Ok(Self { config, control, public, admin, inherited, signals })
    }

    /// As [`run`], with the services of `mounts` in this process. It also ends, in the same order, when `stop` gives a
    /// reason, which is logged. When it returns, nothing calls the mounted services any more.
    pub fn serve(
        self,
        mounts: &Mounts,
        stop: impl Future<Output = &'static str> + Send + 'static,
    ) -> Result<(), StartError> {
        let Self { config, control, public, admin, inherited, signals } = self;
        descriptors::raise(config.server.max_connections);
        let outcome = control.block_on(async {
            let supervisor = Supervisor::start(config.clone(), mounts.clone(), public, admin).await?;
            inherited.ready()?;
            notify(State::Ready);
            supervisor.supervise(signals, stop).await
        });
        // A probe of a mounted service ends with its runtime here, before the service itself is ended.
        control.shutdown_timeout(if mounts.is_empty() { Duration::ZERO } else { LAST_PROBES });
        outcome
    }
}
