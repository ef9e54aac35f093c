//! When steps are due: known before the run, and moved by nothing that happens in it.

use std::time::Duration;

use fastrand::Rng;
use xtask::options::Arrivals;

/// The instants at which steps fall due, from the run's start, in order.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    rate: f64,
    ramp: f64,
    end: Duration,
    /// How many arrivals the rate has made up to the last one, were it whole numbers or not.
    load: f64,
    begun: bool,
    random: Rng,
}

impl Schedule {
    /// `rate` steps a second until `end`, after growing evenly from none over `ramp`; the same `seed` gives the same
    /// instants.
    pub fn new(arrivals: Arrivals, rate: f64, ramp: Duration, end: Duration, seed: u64) -> Self {
        let (ramp, random) = (ramp.as_secs_f64(), Rng::with_seed(seed));
        Self { arrivals, rate, ramp, end, load: 0.0, begun: false, random }
    }

    /// When the rate has made `load` arrivals: the inverse of its integral.
    fn instant(&self, load: f64) -> f64 {
        if load < self.rate * self.ramp / 2.0 {
            (2.0 * load * self.ramp / self.rate).sqrt()
        } else {
            load / self.rate + self.ramp / 2.0
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.load += match self.arrivals {
            Arrivals::Constant if !self.begun => 0.0,
            Arrivals::Constant => 1.0,
            // The load between independent arrivals is exponential; 1 − f64() is never 0.
            Arrivals::Poisson => -(1.0 - self.random.f64()).ln(),
        };
        self.begun = true;
        let due = Duration::try_from_secs_f64(self.instant(self.load)).ok()?;
        (due < self.end).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_keep_their_distance() {
        let due: Vec<_> = Schedule::new(Arrivals::Constant, 4.0, Duration::ZERO, Duration::from_secs(1), 0).collect();
        assert_eq!(due, [0, 250, 500, 750].map(Duration::from_millis));
        assert_eq!(Schedule::new(Arrivals::Constant, 3.0, Duration::ZERO, Duration::from_hours(1), 0).count(), 10_800);
    }

    #[test]
    fn poisson_arrivals_are_exponential() {
        let due: Vec<f64> = Schedule::new(Arrivals::Poisson, 100.0, Duration::ZERO, Duration::from_secs(200), 7)
            .map(|due| due.as_secs_f64())
            .collect();
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
        // Of 20,000: the count strays by 141, and e⁻¹ of the gaps are longer than the mean.
        assert!((19_300..20_700).contains(&due.len()), "{}", due.len());
        let long = gaps.iter().filter(|gap| **gap > 0.01).count() * 1000 / gaps.len();
        assert!((355..381).contains(&long), "{long}");
    }

    #[test]
    fn the_rate_grows_over_the_ramp() {
        let second = Duration::from_secs(1);
        let due: Vec<_> = Schedule::new(Arrivals::Constant, 100.0, 4 * second, 6 * second, 0).collect();
        let within = |from: u32, to: u32| due.iter().filter(|due| (from * second..to * second).contains(due)).count();
        // A quarter of the rate more in each second: on average 12.5, 37.5, 62.5, 87.5, and then all of it.
        assert_eq!([within(0, 1), within(1, 2), within(2, 3), within(3, 4)], [13, 37, 63, 87]);
        assert_eq!([within(4, 5), within(5, 6)], [100, 100]);
    }

    #[test]
    fn a_seed_gives_the_same_again() {
        let due = |seed| {
            Schedule::new(Arrivals::Poisson, 50.0, Duration::ZERO, Duration::from_secs(2), seed).collect::<Vec<_>>()
        };
        assert_eq!(due(3), due(3));
        assert_ne!(due(3), due(4));
    }
}
