//! The circuit breaker of one upstream, shared by all workers: closed, open, half-open.
//!
//! While it is closed, which is nearly always, it costs a request two loads. All else is rare and takes a lock.
use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU8, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::ejection::Cause;
use crate::config::CircuitBreaker;

/// What a circuit does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// It lets them pass.
    Closed = 0,
    /// It lets trials pass, a few at once.
    HalfOpen = 1,
    /// It lets none pass.
    Open = 2,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// How a request let through ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody knows: the client went away, or broke its own request.
    None,
    Good,
    Bad(Cause),
}

/// A request that was let through while the circuit was not closed: the opening that it tries to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trial(u32);

/// The circuit of one upstream; how it behaves is its service's [`CircuitBreaker`].
#[derive(Debug)]
pub(crate) struct Circuit {
    state: AtomicU8,
    /// In a row.
    failures: AtomicU32,
    opening: Mutex<Opening>,
}

/// The last time that it opened.
#[derive(Debug)]
struct Opening {
    at: Instant,
    /// How the last request before it failed.
    cause: Cause,
    /// Which one: what is left of an earlier one says nothing about this.
    number: u32,
    /// Trials that run.
    running: u32,
    /// Trials that ended well.
    good: u32,
}

impl Circuit {
    pub(super) fn new() -> Self {
        let opening = Opening { at: Instant::now(), cause: Cause::Status(500), number: 0, running: 0, good: 0 };
        Self { state: AtomicU8::new(State::Closed as u8), failures: AtomicU32::new(0), opening: Mutex::new(opening) }
    }

    pub(crate) fn state(&self) -> State {
        match self.state.load(Relaxed) {
            0 => State::Closed,
            1 => State::HalfOpen,
            _ => State::Open,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state() == State::Closed
    }

    /// Whether a request could pass now, as such or as a trial.
    pub(crate) fn admits(&self, breaker: &CircuitBreaker, now: Instant) -> bool {
        self.is_closed() || self.opening().admits(breaker, now)
    }

    /// Lets a trial pass, if there is room for one.
    pub(crate) fn try_trial(&self, breaker: &CircuitBreaker, now: Instant) -> Option<Trial> {
        let mut opening = self.opening();
        if self.is_closed() || !opening.admits(breaker, now) {
            return None;
        }
        opening.running += 1;
        self.set(State::HalfOpen);
        Some(Trial(opening.number))
    }

    /// How long until trials may pass.
    pub(crate) fn wait(&self, breaker: &CircuitBreaker, now: Instant) -> Duration {
        (self.opening().at + breaker.recovery_timeout).saturating_duration_since(now)
    }

    /// A request ended well.
    pub(crate) fn succeed(&self) {
        // Nearly always there is nothing to forget, and so nothing to write.
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
    }

    /// A request failed; whether that is one too many.
    pub(crate) fn fail(&self, breaker: &CircuitBreaker) -> bool {
        self.is_closed() && self.failures.fetch_add(1, Relaxed).saturating_add(1) >= breaker.failure_threshold
    }

    /// Since when it is not closed, and by what; `None` while it is.
    pub(crate) fn opened(&self) -> Option<(Instant, Cause)> {
        let opening = self.opening();
        (!self.is_closed()).then_some((opening.at, opening.cause))
    }

    /// Opens it, after a failure of this kind; whether it was closed.
    pub(crate) fn open(&self, now: Instant, cause: Cause) -> bool {
        let mut opening = self.opening();
        if !self.is_closed() {
            return false;
        }
        opening.begin(now, cause);
        self.set(State::Open);
        true
    }

    /// A trial ended; the state that follows, if it is another one.
    pub(crate) fn end_trial(
        &self,
        trial: Trial,
        verdict: Verdict,
        breaker: &CircuitBreaker,
        now: Instant,
    ) -> Option<State> {
        let mut opening = self.opening();
        if self.is_closed() || opening.number != trial.0 {
            return None;
        }
        opening.running -= 1;
        match verdict {
            Verdict::None => return None,
            Verdict::Good => {
                opening.good += 1;
                if opening.good < breaker.half_open_requests {
                    return None;
                }
                self.failures.store(0, Relaxed);
                self.set(State::Closed);
            }
            Verdict::Bad(cause) => {
                opening.begin(now, cause);
                self.set(State::Open);
            }
        }
        Some(self.state())
    }

    /// Closes it; whether it was not.
    pub(crate) fn close(&self) -> bool {
        let _held = self.opening();
        self.failures.store(0, Relaxed);
        let was_closed = self.is_closed();
        self.set(State::Closed);
        !was_closed
    }

    /// Only ever under the lock.
    fn set(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    fn opening(&self) -> MutexGuard<'_, Opening> {
        self.opening.lock().expect("no holder of this lock panics")
    }
}

impl Opening {
    fn begin(&mut self, now: Instant, cause: Cause) {
        *self = Self { at: now, cause, number: self.number.wrapping_add(1), running: 0, good: 0 };
    }

    fn admits(&self, breaker: &CircuitBreaker, now: Instant) -> bool {
        now.duration_since(self.at) >= breaker.recovery_timeout && self.running + self.good < breaker.half_open_requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKER: CircuitBreaker = CircuitBreaker {
        failure_threshold: 3,
        recovery_timeout: Duration::from_mins(1),
        half_open_requests: 2,
        max_open: 1.0,
    };

    const CAUSE: Cause = Cause::Status(500);
    const BAD: Verdict = Verdict::Bad(CAUSE);

    /// One that has just opened.
    fn opened(now: Instant) -> Circuit {
        let circuit = Circuit::new();
        assert!(circuit.open(now, CAUSE));
        circuit
    }

    #[test]
    fn failures_in_a_row_are_counted() {
        let circuit = Circuit::new();
        let told: Vec<bool> = "--+---"
            .chars()
            .map(|outcome| match outcome {
                '+' => {
                    circuit.succeed();
                    false
                }
                _ => circuit.fail(&BREAKER),
            })
            .collect();
        assert_eq!(told, [false, false, false, false, false, true]);
        assert_eq!(circuit.state(), State::Closed, "whether it may open is not its own to say");
    }

    #[test]
    fn trials_begin_after_the_recovery_and_are_few() {
        let now = Instant::now();
        let circuit = opened(now);
        assert!(!circuit.open(now, CAUSE), "once is enough");
        let early = now + Duration::from_millis(59_999);
        assert_eq!((circuit.try_trial(&BREAKER, early), circuit.admits(&BREAKER, early)), (None, false));
        assert_eq!(circuit.wait(&BREAKER, early), Duration::from_millis(1));
        let late = now + BREAKER.recovery_timeout;
        let trials = [(); 3].map(|()| circuit.try_trial(&BREAKER, late));
        assert!(trials[0].is_some() && trials[1].is_some() && trials[2].is_none());
        assert_eq!(circuit.state(), State::HalfOpen);
        assert_eq!(circuit.end_trial(trials[0].unwrap(), Verdict::None, &BREAKER, late), None);
        let again = circuit.try_trial(&BREAKER, late).expect("a trial that said nothing leaves its place");
        assert_eq!(circuit.end_trial(again, Verdict::Good, &BREAKER, late), None, "two were asked for");
        assert_eq!(circuit.end_trial(trials[1].unwrap(), Verdict::Good, &BREAKER, late), Some(State::Closed));
        assert!(!circuit.fail(&BREAKER), "what was before is forgotten");
    }

    #[test]
    fn a_bad_trial_opens_it_for_the_whole_time() {
        let now = Instant::now();
        let circuit = opened(now);
        let late = now + BREAKER.recovery_timeout;
        let [first, second] = [(); 2].map(|()| circuit.try_trial(&BREAKER, late).unwrap());
        assert_eq!(circuit.end_trial(first, BAD, &BREAKER, late), Some(State::Open));
        assert_eq!(circuit.wait(&BREAKER, late), BREAKER.recovery_timeout);
        let next = circuit.try_trial(&BREAKER, late + BREAKER.recovery_timeout).unwrap();
        assert_eq!(circuit.end_trial(second, Verdict::Good, &BREAKER, late), None, "it is of an earlier opening");
        assert_eq!(circuit.end_trial(next, BAD, &BREAKER, late), Some(State::Open));
    }

    #[test]
    fn a_probe_closes_it_and_late_trials_say_nothing() {
        let now = Instant::now();
        let circuit = opened(now);
        let trial = circuit.try_trial(&BREAKER, now + BREAKER.recovery_timeout).unwrap();
        assert!(circuit.close() && !circuit.close());
        assert_eq!(circuit.end_trial(trial, BAD, &BREAKER, now), None);
        assert_eq!(circuit.state(), State::Closed);
    }
}
