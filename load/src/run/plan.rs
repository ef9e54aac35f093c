//! What a run does, of the flags and the mix.

use std::{sync::Arc, time::Duration};

use reqwest::Url;
use xtask::options::{Arrivals, Load};

use crate::mix::Mix;

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The system: scheme and authority.
    pub url: Url,
    /// What is asked.
    pub mix: Arc<Mix>,
    /// How many may ask at once.
    pub users: u32,
    /// Steps a second.
    pub rate: f64,
    /// Over how long the users join.
    pub ramp: Duration,
    /// How long steps fall due.
    pub duration: Duration,
    /// How they are spread.
    pub arrivals: Arrivals,
    /// Of what is random.
    pub seed: u64,
    /// The longest wait for an answer, and for the last ones.
    pub timeout: Duration,
}

impl Plan {
    /// What `options` ask for.
    pub fn new(options: &Load, url: Url, mix: Mix) -> Self {
        Self {
            url,
            mix: Arc::new(mix),
            users: options.users,
            rate: options.steps_per_second(),
            ramp: options.ramp_time(),
            duration: options.duration,
            arrivals: options.arrivals,
            seed: options.seed,
            timeout: options.timeout,
        }
    }
}
