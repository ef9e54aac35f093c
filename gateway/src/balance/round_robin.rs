//! Smooth weighted round-robin: over a cycle every candidate gets its share, and none gets its share in one burst.
//!
//! Each pick raises every candidate's credit by its weight and takes the whole sum from the winner's, the scheme that
//! nginx made known: weights 5, 1, 1 give a a b a c a a.

/// The credits of one worker for one service.
#[derive(Debug)]
pub(crate) struct SmoothWeighted {
    credits: Vec<i64>,
}

impl SmoothWeighted {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { credits: vec![0; upstreams] }
    }

    /// The next of those that have a weight; the others' credits stand still.
    pub(super) fn pick(&mut self, weight: impl Fn(usize) -> Option<u32>) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for index in 0..self.credits.len() {
            let Some(weight) = weight(index).map(i64::from) else { continue };
            self.credits[index] += weight;
            total += weight;
            if best.is_none_or(|best| self.credits[index] > self.credits[best]) {
                best = Some(index);
            }
        }
        self.credits[best?] -= total;
        best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(weights: &[u32], dead: &[usize], expected: &[usize]) {
        let mut balancer = SmoothWeighted::new(weights.len());
        let picks: Vec<_> = (0..expected.len())
            .map(|_| balancer.pick(|index| (!dead.contains(&index)).then_some(weights[index])).unwrap())
            .collect();
        assert_eq!(picks, expected, "{weights:?} without {dead:?}");
    }

    #[test]
    fn shares_are_spread_over_the_cycle() {
        check(&[1, 1, 1], &[], &[0, 1, 2, 0, 1, 2]);
        check(&[5, 1, 1], &[], &[0, 0, 1, 0, 2, 0, 0]);
        check(&[1, 2], &[], &[1, 0, 1, 1, 0, 1]);
        check(&[5, 1, 1], &[0], &[1, 2, 1, 2]);
        check(&[7], &[], &[0, 0, 0]);
    }

    #[test]
    fn without_a_candidate_there_is_no_pick() {
        assert_eq!(SmoothWeighted::new(2).pick(|_| None), None);
    }

    proptest! {
        #[test]
        fn over_a_cycle_everyone_gets_exactly_their_weight(weights in prop::collection::vec(1u32..20, 1..8)) {
            let mut balancer = SmoothWeighted::new(weights.len());
            let mut counts = vec![0; weights.len()];
            for _ in 0..weights.iter().sum() {
                counts[balancer.pick(|index| Some(weights[index])).unwrap()] += 1;
            }
            prop_assert_eq!(counts, weights);
        }
    }
}
