//! SIGTERM and SIGINT.

use std::future::Future;
use std::io;

/// Catches both from now on; the future resolves with the name of the first that comes.
#[cfg(unix)]
pub(super) fn terminate() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// Elsewhere there is Ctrl-C alone.
#[cfg(not(unix))]
pub(super) fn terminate() -> io::Result<impl Future<Output = &'static str>> {
    Ok(async {
        // An error means that it can never come.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    })
}
