//! The gateway's own messages, on stderr: what an operator searches for. The access log alone is on stdout.
use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts them. `LOG_LEVEL` chooses what is told (default `info`; a filter such as `gateway=debug` works too);
/// `JSON_LOGS=true` writes one JSON object a line.
pub fn start() {
    let filter = EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let json = std::env::var("JSON_LOGS").is_ok_and(|value| matches!(value.as_str(), "1" | "true"));
    if json {
        registry.with(fmt::layer().json().flatten_event(true).with_target(false).with_writer(std::io::stderr)).init();
    } else {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        registry.with(fmt::layer().with_ansi(colour).with_target(false).with_writer(std::io::stderr)).init();
    }
}
