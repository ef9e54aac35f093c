//! Whose turn it is among equals: each as often as its weight says, spread evenly, and nobody makes up for more than one
//! turn of the time that it was not asked.
//!
//! It is fair queueing by a clock that only picks move (Goyal, Vin and Cheng, "Start-time Fair Queueing", 1996): a pick
//! takes `1 / weight` of it, and whose pick would end first is next.
use super::Candidate;

/// What a pick takes of the clock at weight 1; 64 bits are left for the clock itself, which no gateway lives to use up.
const WHOLE: u128 = 1 << 64;

/// When the last pick of each ends.
#[derive(Debug)]
pub(super) struct Turns {
    ends: Vec<u128>,
    /// Which pick that was.
    last: Vec<u64>,
    picks: u64,
    /// When the last pick began.
    now: u128,
}

impl Turns {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { ends: vec![0; upstreams], last: vec![0; upstreams], picks: 0, now: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// What orders equals: the lower one is next. Of those whose picks would end at once it is who waits the longest.
    pub(super) fn of(&self, index: usize, candidate: Candidate) -> (u128, u64) {
        ((self.ends[index] + takes(candidate)).max(self.now), self.last[index])
    }

    pub(super) fn take(&mut self, index: usize, candidate: Candidate) {
        self.picks += 1;
        (self.ends[index], self.last[index]) = (self.of(index, candidate).0, self.picks);
        self.now = self.ends[index].saturating_sub(takes(candidate)).max(self.now);
    }
}

fn takes(candidate: Candidate) -> u128 {
    WHOLE / u128::from(candidate.weight.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is picked of those that `takes_part`, so many times.
    fn picks(turns: &mut Turns, weights: &[u32], count: usize, takes_part: impl Fn(usize) -> bool) -> Vec<usize> {
        let candidate = |index: usize| Candidate { weight: weights[index], load: 0 };
        (0..count)
            .map(|_| {
                let all = (0..weights.len()).filter(|&index| takes_part(index));
                let next = all.min_by_key(|&index| turns.of(index, candidate(index))).unwrap();
                turns.take(next, candidate(next));
                next
            })
            .collect()
    }

    #[test]
    fn each_has_its_share_and_it_is_spread() {
        let check = |weights: &[u32], expected: &[usize]| {
            assert_eq!(
                picks(&mut Turns::new(weights.len()), weights, expected.len(), |_| true),
                expected,
                "{weights:?}"
            );
        };
        check(&[1, 1, 1], &[0, 1, 2, 0, 1, 2]);
        check(&[1, 2], &[1, 0, 1, 1, 0, 1]);
        let many = picks(&mut Turns::new(2), &[9, 10], 190, |_| true);
        assert_eq!(many.iter().filter(|&&index| index == 0).count(), 90);
    }

    #[test]
    fn who_was_away_makes_up_for_nothing() {
        let mut turns = Turns::new(2);
        assert_eq!(picks(&mut turns, &[1, 1], 100, |index| index == 0), vec![0; 100]);
        let back = picks(&mut turns, &[1, 1], 10, |_| true);
        assert!(back.windows(3).all(|three| three.iter().any(|&index| index != three[0])), "{back:?}");
    }
}
