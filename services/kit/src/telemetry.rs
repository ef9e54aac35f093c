//! Logs on stdout: text for a person, or one JSON object a line.

use std::io::Write;

use tracing_subscriber::EnvFilter;

/// Installs the process's subscriber. `level` is `LOG_LEVEL`; a filter that does not parse falls
/// back to `info` (settings refuse it earlier). A second call changes nothing.
pub fn install(level: &str, json: bool) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_target(true);
    // An error means that a subscriber stands already: in a test, or in a composed process.
    let _ = if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        use std::io::IsTerminal;
        builder.with_ansi(std::io::stdout().is_terminal()).try_init()
    };
}

/// What a service does beside its requests is logged within this span, so that its lines name it where a process holds
/// several. Of the highest level, so that no `LOG_LEVEL` takes the name from a line that it lets through.
pub fn span(service: &'static str) -> tracing::Span {
    tracing::error_span!("service", service)
}

/// Writes one line that no log level hides: where the service listens.
pub(crate) fn announce(message: &str, json: bool) {
    let line = if json {
        let timestamp = jiff::Timestamp::now().to_string();
        serde_json::json!({ "timestamp": timestamp, "level": "INFO", "message": message }).to_string()
    } else {
        message.to_owned()
    };
    // A closed stdout is no reason to stop serving, as `println!` would.
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
