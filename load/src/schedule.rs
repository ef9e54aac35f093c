//! When steps are due: known before the run, and moved by nothing that happens in it.

use std::time::Duration;

use fastrand::Rng;
use xtask::options::Arrivals;

/// The instants at which steps fall due, from the run's start, in order.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    rate: f64,
    end: Duration,
    made: u64,
    last: f64,
    random: Rng,
}

impl Schedule {
    /// `rate` steps a second until `end`; the same `seed` gives the same instants.
    pub fn new(arrivals: Arrivals, rate: f64, end: Duration, seed: u64) -> Self {
        Self { arrivals, rate, end, made: 0, last: 0.0, random: Rng::with_seed(seed) }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.last = match self.arrivals {
            // From the count, so that no rounding adds up.
            #[expect(clippy::cast_precision_loss, reason = "a run has a few million steps")]
            Arrivals::Constant => self.made as f64 / self.rate,
            // The time between independent arrivals is exponential; 1 − f64() is never 0.
            Arrivals::Poisson => self.last - (1.0 - self.random.f64()).ln() / self.rate,
        };
        self.made += 1;
        let due = Duration::try_from_secs_f64(self.last).ok()?;
        (due < self.end).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_keep_their_distance() {
        let due: Vec<_> = Schedule::new(Arrivals::Constant, 4.0, Duration::from_secs(1), 0).collect();
        assert_eq!(due, [0, 250, 500, 750].map(Duration::from_millis));
        assert_eq!(Schedule::new(Arrivals::Constant, 3.0, Duration::from_hours(1), 0).count(), 10_800);
    }

    #[test]
    fn poisson_arrivals_are_exponential() {
        let due: Vec<f64> =
            Schedule::new(Arrivals::Poisson, 100.0, Duration::from_secs(200), 7).map(|due| due.as_secs_f64()).collect();
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
        // Of 20,000: the count strays by 141, and e⁻¹ of the gaps are longer than the mean.
        assert!((19_300..20_700).contains(&due.len()), "{}", due.len());
        let long = gaps.iter().filter(|gap| **gap > 0.01).count() * 1000 / gaps.len();
        assert!((355..381).contains(&long), "{long}");
    }

    #[test]
    fn a_seed_gives_the_same_again() {
        let due = |seed| Schedule::new(Arrivals::Poisson, 50.0, Duration::from_secs(2), seed).collect::<Vec<_>>();
        assert_eq!(due(3), due(3));
        assert_ne!(due(3), due(4));
    }
}
