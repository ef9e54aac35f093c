//! From `main` to the exit code.
//!
//! 1. The command line: `--help`, `--version`, `health`; or `migrate` and `migrations`, which end after the settings.
//! 2. Settings, all faults at once.
//! 3. The listener, before the database is touched: a second instance on the same port stops here.
//! 4. The module: database, migrations, keys.
//! 5. One line with the address, then requests until SIGTERM or SIGINT.
//! 6. Draining within `DRAIN_TIMEOUT`, workers ended, databases closed, exit 0.

mod cli;
mod connection;
mod error;
mod health;
mod running;
mod schema;
mod signal;

pub use error::StartError;
pub use running::Running;

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tracing::Instrument;

use cli::Asked;

use crate::bus::{Bus, KafkaBus};
use crate::identity::Trust;
use crate::metrics::Metrics;
use crate::migrate::Migration;
use crate::module::Module;
use crate::settings::{Common, DeploymentMode, Reader, SettingDoc, Source};
use crate::telemetry;

/// What a binary is: for `--help`, `/health` and the defaults.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The service's name, also that of its binary and its database: `user`.
    pub name: &'static str,
    /// `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// The default `PORT`.
    pub port: u16,
    /// The service's own settings, for `--help`.
    pub settings: &'static [SettingDoc],
}

/// What a service is built with, beside its own settings.
#[derive(Debug, Clone)]
pub struct Context {
    /// The binary.
    pub about: About,
    /// The settings that all services have.
    pub common: Common,
    /// How its events travel.
    pub bus: Bus,
    /// Where it registers what it measures.
    pub metrics: Metrics,
    /// Whose identity fields are believed.
    pub trust: Trust,
}

impl Context {
    /// For a process of its own: the broker and the secret are those of its settings.
    pub fn new(about: About, common: Common) -> Result<Self, StartError> {
        let metrics = Metrics::default();
        let bus = match &common.kafka {
            Some(kafka) => {
                Bus::Kafka(KafkaBus::connect(kafka, &metrics).map_err(|e| StartError::Other(e.to_string()))?)
            }
            None => Bus::Disconnected,
        };
        let trust = Trust::by(common.gateway_secret.as_deref(), common.listen.ip());
        Ok(Self { about, common, bus, metrics, trust })
    }

    /// For a part of a process that holds several: they share `bus`, and only the gateway in the same
    /// process calls them.
    pub fn mounted(about: About, common: Common, bus: Bus) -> Self {
        let common = Common { mode: DeploymentMode::Monolith, ..common };
        Self { about, common, bus, metrics: Metrics::default(), trust: Trust::InProcess }
    }
}

/// Runs a service to its end: what a service's `main` returns. With the argument `health` it only asks
/// the one that runs how it is; with `migrate` or `migrations` it brings the schema of its `migrations` up
/// to date, or shows it, without serving.
///
/// `read` reads the service's own settings, `build` makes the module of them. Exits 0 after
/// SIGTERM or SIGINT, 2 with a sentence on stderr when it could not start, 1 when it could not go
/// on.
pub fn serve<S, F>(
    about: About,
    migrations: &'static [Migration],
    read: impl FnOnce(&mut Reader) -> S,
    build: impl FnOnce(S, Context) -> F,
) -> ExitCode
where
    F: Future<Output = Result<Module, StartError>>,
{
    let task = match cli::parse(&about) {
        Asked::Serve => None,
        Asked::Health => return health::ask(&about),
        Asked::Schema(task) => Some(task),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return StartError::Runtime(error).exit(about.name),
    };
    let outcome = match task {
        Some(task) => runtime.block_on(look_after(about, task, migrations)),
        None => runtime.block_on(start(about, read, build)),
    };
    // What is still queued on the blocking threads (a password's hash) serves no one any more.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => error.exit(about.name),
    }
}

async fn look_after(
    about: About,
    task: schema::Task,
    migrations: &'static [Migration],
) -> Result<ExitCode, StartError> {
    let mut reader = Reader::new(Source::from_process());
    let common = Common::read(&mut reader, about.name, about.port);
    reader.finish().map_err(StartError::Settings)?;
    let told = schema::run(task, &common.database, migrations).await?;
    // A closed stdout is no reason to panic, as `print!` would.
    let _ = std::io::stdout().write_all(told.as_bytes());
    Ok(ExitCode::SUCCESS)
}

async fn start<S, F>(
    about: About,
    read: impl FnOnce(&mut Reader) -> S,
    build: impl FnOnce(S, Context) -> F,
) -> Result<ExitCode, StartError>
where
    F: Future<Output = Result<Module, StartError>>,
{
    let mut reader = Reader::new(Source::from_process());
    let common = Common::read(&mut reader, about.name, about.port);
    let own = read(&mut reader);
    reader.finish().map_err(StartError::Settings)?;
    telemetry::install(&common.log_level, common.json_logs);

    // Signals are caught from here on, so that one that comes during the start ends it cleanly.
    let signal = signal::terminate().map_err(StartError::Runtime)?;
    let listen = common.listen;
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| StartError::Listen { address: listen, error })?;
    let address = listener.local_addr().map_err(StartError::Runtime)?;
    let context = Context::new(about, common.clone())?;
    let module = build(own, context.clone()).instrument(telemetry::span(about.name)).await?;
    if common.mode == DeploymentMode::Monolith {
        tracing::warn!(
            "DEPLOYMENT_MODE is monolith, but this process is one service; the program `monolith` is all of them"
        );
    }
    if let Some(warning) = context.trust.warning() {
        tracing::warn!("{warning}");
    }
    let mut running = Running::start(module, &context);
    let service = about.name;
    telemetry::announce(&format!("{service} listening on http://{address}"), common.json_logs);
    let accepting =
        tokio::spawn(connection::accept(listener, running.router(), running.shutdown(), common.drain_timeout));
    let code = tokio::select! {
        signal = signal => {
            tracing::info!(signal, "stopping: no new connections, finishing what runs");
            ExitCode::SUCCESS
        }
        worker = running.worker_ended() => {
            tracing::error!(worker, "stopping: a worker ended");
            ExitCode::FAILURE
        }
    };
    running.shut_down();
    // A panic in the accept loop was logged by the runtime's hook; there is nothing left to drain.
    let _ = accepting.await;
    running.stop().await;
    tracing::info!("stopped");
    Ok(code)
}
