//! One virtual user: which step is next, and what earlier answers have told it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use fastrand::Rng;
use serde_json::Value;

use crate::mix::{BUILT_IN, Mix, Source, Step, When};

/// Laps that are looked through for a step before the user starts over. Only a mix whose weights are all tiny, or whose
/// steps all wait for a value that never comes, gets that far.
const MAX_EMPTY_LAPS: u32 = 1000;

/// A virtual user.
#[derive(Clone, Debug)]
pub struct User {
    mix: Arc<Mix>,
    name: String,
    values: HashMap<String, Value>,
    /// When each step that is `once` has succeeded.
    succeeded: Vec<Option<Instant>>,
    /// What is left of this lap.
    lap: VecDeque<usize>,
    laps: u32,
    random: Rng,
}

impl User {
    /// A user that has done nothing yet. Its name, and with it what it registers, is new in every run; `seed` decides
    /// what its weights choose.
    pub fn new(mix: Arc<Mix>, seed: u64) -> Self {
        let succeeded = vec![None; mix.steps.len()];
        let name = fresh();
        Self {
            mix,
            name,
            values: HashMap::new(),
            succeeded,
            lap: VecDeque::new(),
            laps: 0,
            random: Rng::with_seed(seed),
        }
    }

    /// The step to do now; always one whose values are all known.
    pub fn next(&mut self, now: Instant) -> usize {
        if let Some(step) = self.due_once(now) {
            if self.is_ready(step) {
                return step;
            }
            self.start_over();
        }
        for _ in 0..MAX_EMPTY_LAPS {
            if let Some(step) = self.due_once(now) {
                return step;
            }
            while let Some(step) = self.lap.pop_front() {
                if self.is_ready(step) {
                    return step;
                }
            }
            self.next_lap();
        }
        self.start_over();
        // Nothing stands above it, so it needs no captured value: `Mix` has checked that.
        0
    }

    /// Takes from an expected answer what `step` captures; gives the pointer of what should be there and is not.
    pub fn learn(&mut self, step: usize, answer: &Value, now: Instant) -> Option<String> {
        let mix = Arc::clone(&self.mix);
        for capture in &mix.steps[step].capture {
            match answer.pointer(&capture.pointer).filter(|value| !value.is_null()) {
                Some(value) => {
                    self.values.insert(capture.name.clone(), value.clone());
                }
                None if capture.optional => {
                    self.values.remove(&capture.name);
                }
                None => return Some(capture.pointer.clone()),
            }
        }
        self.succeeded[step] = Some(now);
        None
    }

    /// Becomes a newcomer: another name, nothing done, nothing known.
    pub fn start_over(&mut self) {
        let seed = self.random.u64(..);
        *self = Self::new(Arc::clone(&self.mix), seed);
    }

    /// The first step that is `once` and not done, or to be done again.
    fn due_once(&self, now: Instant) -> Option<usize> {
        self.mix.steps.iter().zip(&self.succeeded).position(|(step, succeeded)| match (step.when, succeeded) {
            (When::Lap, _) | (When::Once(None), Some(_)) => false,
            (When::Once(_), None) => true,
            (When::Once(Some(again)), Some(then)) => now.saturating_duration_since(*then) >= again,
        })
    }

    fn next_lap(&mut self) {
        if self.mix.laps.is_some_and(|most| self.laps >= most) {
            self.start_over();
        }
        self.laps += 1;
        let mix = Arc::clone(&self.mix);
        let of_laps = |step: &&Step| step.when == When::Lap;
        for capture in mix.steps.iter().filter(of_laps).flat_map(|step| &step.capture) {
            // A value that also a step before the laps tells, such as a token that is renewed, stays.
            if !mix
                .steps
                .iter()
                .any(|step| step.when != When::Lap && step.capture.iter().any(|c| c.name == capture.name))
            {
                self.values.remove(&capture.name);
            }
        }
        for (place, step) in mix.steps.iter().enumerate().filter(|(_, step)| of_laps(step)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a weight is 0.01 to 100")]
            let whole = step.weight as usize;
            let times = whole + usize::from(self.random.f64() < step.weight.fract());
            self.lap.extend(std::iter::repeat_n(place, times));
        }
    }

    fn is_ready(&self, step: usize) -> bool {
        self.mix.steps[step].needs().all(|name| BUILT_IN.contains(&name) || self.values.contains_key(name))
    }
}

impl Source for User {
    fn value(&self, name: &str) -> Option<Value> {
        match name {
            "user" => Some(Value::String(self.name.clone())),
            "unique" => Some(Value::String(fresh())),
            name => self.values.get(name).cloned(),
        }
    }
}

/// A string that no other run, user or use has: 80 bits by chance, not by the seed.
fn fresh() -> String {
    let mut random = Rng::new();
    format!("{:016x}{:04x}", random.u64(..), random.u16(..))
}

#[cfg(test)]
mod tests;
