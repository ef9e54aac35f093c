//! From `main` to the exit code.
//!
//! 1. The command line: `--help`, `--version`.
//! 2. Settings, all faults at once.
//! 3. The listener, before the database is touched: a second instance on the same port stops here.
//! 4. The module: database, migrations, keys.
//! 5. One line with the address, then requests until SIGTERM or SIGINT.
//! 6. Draining within `DRAIN_TIMEOUT`, workers ended, databases closed, exit 0.

mod cli;
mod connection;
mod error;
mod signal;

pub use error::StartError;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::database::Database;
use crate::http::{self, Metrics, Operations};
use crate::module::{Module, Worker};
use crate::settings::{Common, Reader, SettingDoc, Source};
use crate::shutdown::{self, Shutdown, Trigger};
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
}

/// Runs a service to its end: what a service's `main` returns.
///
/// `read` reads the service's own settings, `build` makes the module of them. Exits 0 after
/// SIGTERM or SIGINT, 2 with a sentence on stderr when it could not start, 1 when it could not go
/// on.
pub fn serve<S, F>(
    about: About,
    read: impl FnOnce(&mut Reader) -> S,
    build: impl FnOnce(S, Context) -> F,
) -> ExitCode
where
    F: Future<Output = Result<Module, StartError>>,
{
    cli::parse(&about);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return StartError::Runtime(error).exit(about.name),
    };
    let outcome = runtime.block_on(start(about, read, build));
    // What is still queued on the blocking threads (a password's hash) serves no one any more.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => error.exit(about.name),
    }
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
    let listener = listener.map_err(|error| StartError::Listen {
        address: listen,
        error,
    })?;
    let address = listener.local_addr().map_err(StartError::Runtime)?;
    let context = Context {
        about,
        common: common.clone(),
    };
    let module = build(own, context).await?;

    let (trigger, shutdown) = shutdown::channel();
    let Module {
        name,
        router,
        workers,
        health,
        databases,
    } = module;
    let workers = spawn_all(workers, &shutdown);
    let metrics = Arc::new(Metrics::new());
    let operations = Operations {
        about,
        health,
        metrics,
        shutdown: shutdown.clone(),
    };
    let app = http::surround(router, operations);
    telemetry::announce(
        &format!("{name} listening on http://{address}"),
        common.json_logs,
    );

    let accepting = tokio::spawn(connection::accept(
        listener,
        app,
        shutdown,
        common.drain_timeout,
    ));
    let code = wait(signal, workers, &trigger).await;
    // A panic in the accept loop was logged by the runtime's hook; there is nothing left to drain.
    let _ = accepting.await;
    for database in &databases {
        Database::close(database).await;
    }
    tracing::info!("stopped");
    Ok(code)
}

type Workers = tokio::task::JoinSet<&'static str>;

fn spawn_all(workers: Vec<Worker>, shutdown: &Shutdown) -> Workers {
    let mut set = Workers::new();
    for Worker { name, start } in workers {
        let task = start(shutdown.clone());
        set.spawn(async move {
            task.await;
            name
        });
    }
    set
}

/// Waits for the signal, or for a worker that ended unasked; then asks all to end, and waits for
/// the workers.
async fn wait(
    signal: impl Future<Output = &'static str>,
    mut workers: Workers,
    trigger: &Trigger,
) -> ExitCode {
    let code = tokio::select! {
        signal = signal => {
            tracing::info!(signal, "stopping: no new connections, finishing what runs");
            ExitCode::SUCCESS
        }
        Some(ended) = workers.join_next() => {
            let worker = ended.as_ref().copied().unwrap_or("a worker that panicked");
            tracing::error!(worker, "stopping: a worker ended");
            ExitCode::FAILURE
        }
    };
    trigger.shut_down();
    while workers.join_next().await.is_some() {}
    code
}
