//! Ctrl-C and its kin, as something that can be waited for.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// Counts the requests to end (SIGINT, SIGTERM, SIGHUP) that this process has received.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    shared: Arc<(Mutex<u32>, Condvar)>,
}

impl Interrupt {
    /// Takes over the three signals; from here on they end nothing by themselves.
    pub fn install() -> io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let seen = interrupt.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            for _ in signals.forever() {
                seen.raise();
            }
        })?;
        Ok(interrupt)
    }

    /// Acts as if one more signal had come.
    pub fn raise(&self) {
        *self.count_mut() += 1;
        self.shared.1.notify_all();
    }

    /// How often the user has asked for the end: twice means "now".
    pub fn count(&self) -> u32 {
        *self.count_mut()
    }

    /// Whether the user has asked for the end.
    pub fn raised(&self) -> bool {
        self.count() > 0
    }

    /// Waits for `time`, or less when a first signal comes (or has come); true when one has.
    pub fn wait(&self, time: Duration) -> bool {
        let count = self.count_mut();
        let waited = self.shared.1.wait_timeout_while(count, time, |count| *count == 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 > 0
    }

    fn count_mut(&self) -> MutexGuard<'_, u32> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_the_signal() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.wait(Duration::from_millis(1)));
        let other = interrupt.clone();
        let raiser = thread::spawn(move || other.raise());
        assert!(interrupt.wait(Duration::from_mins(1)));
        raiser.join().unwrap();
        assert_eq!(interrupt.count(), 1);
    }
}
