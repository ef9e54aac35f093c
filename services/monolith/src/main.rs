//! The whole system in one process: the gateway, and the five services that it calls instead of reaching them over the
//! network. Only this crate knows the gateway and the services.
//!
//! Routes, limits, tokens and logs are gateway.toml's in both modes; a service's upstreams there are not asked here.
//! Events travel in memory, and by a broker where `KAFKA_BOOTSTRAP_SERVERS` names one; the ticket service calls the
//! vacancy service directly ([`local_vacancy`]).
//!
//! | start | end |
//! |---|---|
//! | 1. the file and the settings are read, all faults at once | 4. the process exits |
//! | 2. the ports are opened; what comes waits | 3. services end, in the reverse order of their start: workers, relay, database |
//! | 3. services are built, each subscribes, all start | 2. the gateway drains: no request runs any more |
//! | 4. the gateway serves | 1. SIGTERM, SIGINT, or a worker that ended by itself |
mod keep;
mod local_vacancy;
mod services;
mod settings;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use gateway::{
    Bound, Mounts,
    config::{Config, Style},
    telemetry::messages,
};
use kit::settings::Source;
use tokio::{runtime::Builder, sync::oneshot};

use settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The gateway's access log has a line of each request already.
const LOG_LEVEL: &str = "info,kit::answered=warn";

/// The file, a setting or the command line is at fault; or a port is taken, or a database can't be opened.
const CANNOT_RUN: u8 = 2;

/// The whole system in one process: the gateway with all five services inside.
#[derive(Parser)]
#[command(version, after_help = settings::help())]
struct Cli {
    /// The gateway's file: where it listens, and what is asked of a request.
    #[arg(long, value_name = "FILE", env = "GATEWAY_CONFIG", default_value = "gateway.toml")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(&cli).unwrap_or_else(|sentence| {
        eprintln!("{sentence}");
        ExitCode::from(CANNOT_RUN)
    })
}

fn run(cli: &Cli) -> Result<ExitCode, String> {
    let source = Source::from_process();
    let read = Settings::read(&source).map_err(|error| format!("monolith: {error}"));
    let config = Config::load(&cli.config).map_err(|faults| faults.render(Style::for_stderr()));
    let (config, settings) = match (config, read) {
        (Ok(config), Ok(settings)) => (config, settings),
        (Err(faults), Err(error)) => return Err(format!("{faults}\n{error}")),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    let level = source.get("LOG_LEVEL").unwrap_or(LOG_LEVEL);
    let _messages =
        messages::start_with(level, settings.common.json_logs, true).map_err(|fault| format!("monolith: {fault}"))?;
    let bound = Bound::bind(&config).map_err(|error| format!("monolith: {error}"))?;

    let runtime = Builder::new_multi_thread().thread_name("services").enable_all().build();
    let runtime = runtime.map_err(|error| format!("monolith: cannot start: {error}"))?;
    let services = runtime.block_on(services::start(settings)).map_err(|error| format!("monolith: {error}"))?;
    let mounts = services.iter().fold(Mounts::default(), |mounts, service| {
        mounts.with(service.name, runtime.handle().clone(), service.running.router())
    });
    let (stop, stopping) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    let keeper = runtime.spawn(keep::keep(services, ended, stopping));

    let served = bound.serve(&mounts, keep::reason(end));
    // From here on no request runs. The keeper takes a sender that is gone for the same.
    let _ = stop.send(());
    let all_well = runtime.block_on(keeper).unwrap_or(false);
    // What is still queued on the blocking threads (a password's hash) serves no one any more.
    runtime.shutdown_background();
    served.map_err(|error| format!("monolith: {error}"))?;
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
