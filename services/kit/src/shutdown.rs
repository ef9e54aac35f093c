//! One signal to end, seen by the listener, the workers and the readiness probe.

use tokio::sync::watch;

/// Whether the process was asked to end. Clones see the same request; it is never taken back.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// The side that asks. Dropping it asks too, so that no worker outlives its server.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// A pair of the asking and the asked side.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Asks everything that holds the other side to end.
    pub fn shut_down(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Resolves once the end was asked for; at once if it already was. Safe to drop and call again.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which asks for the same.
        let _ = self.0.wait_for(|asked| *asked).await;
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
