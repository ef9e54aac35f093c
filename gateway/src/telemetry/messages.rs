//! The gateway's own messages, on stderr: what an operator searches for. The access log alone is on stdout.
mod writer;

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::AsFd,
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use writer::Lines;
pub use writer::say;

/// Held for as long as the process runs: its end waits until the last message is written, at most a second.
#[derive(Debug)]
#[must_use]
pub struct Messages(());

impl Messages {
    /// Waits for the messages, as the end does: for whoever ends the process in another way.
    pub(crate) fn finish() {
        writer::finish();
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        Self::finish();
    }
}

/// Starts them. `LOG_LEVEL` chooses what is told (default `info`; a filter such as `gateway=debug` works too);
/// `JSON_LOGS=true` writes one JSON object a line. A filter that can't be read is an error, in a sentence.
pub fn start() -> Result<Messages, String> {
    let json = std::env::var("JSON_LOGS").is_ok_and(|value| matches!(value.as_str(), "1" | "true"));
    start_with(std::env::var("LOG_LEVEL").as_deref().unwrap_or_default(), json, false)
}

/// The same with these two in the place of the environment's, and with the name of the module that speaks if
/// `with_target`: for a process that holds more than the gateway.
pub fn start_with(level: &str, json: bool, with_target: bool) -> Result<Messages, String> {
    let filter = filter(level)?;
    // A descriptor of its own: whoever else writes to stderr, a panic above all, must not wait for its lock.
    let stderr = io::stderr().as_fd().try_clone_to_owned();
    let lines = stderr.and_then(|stderr| Lines::start(File::from(stderr)));
    let lines = lines.map_err(|error| format!("cannot start the log: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(fmt::layer().json().flatten_event(true).with_target(with_target).with_writer(lines)).init();
    } else {
        let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        registry.with(fmt::layer().with_ansi(colour).with_target(with_target).with_writer(lines)).init();
    }
    Ok(Messages(()))
}

/// A level, or directives like `info,gateway=debug`. A lone word that is no level would be taken for a crate's name, and
/// everything else would fall silent.
fn filter(text: &str) -> Result<EnvFilter, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(EnvFilter::new("info"));
    }
    let words = || text.split(',').map(str::trim);
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let parsed = words().all(|word| word.contains('=') || is_level(word)).then(|| EnvFilter::builder().parse(text));
    match parsed {
        Some(Ok(filter)) => Ok(filter),
        _ => Err(format!(
            "LOG_LEVEL is `{text}`: expected error, warn, info, debug, trace or off, or a filter such as gateway=debug."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_told() {
        for sound in ["", "info", "DEBUG", "off", "info,gateway=debug", "gateway=trace"] {
            assert!(filter(sound).is_ok(), "{sound}");
        }
        for bad in ["verbose", "gateway", "info,loud", "gateway=loud"] {
            assert!(filter(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
