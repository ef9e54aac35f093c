//! Smooth weighted round-robin: over a cycle every candidate gets its share, and none gets its share in one burst.
//!
//! Each pick raises every candidate's credit by its weight and takes the whole sum from the winner's, the scheme that
//! nginx made known: weights 5, 1, 1 give a a b a c a a.

/// The credits of one worker for one service.
#[derive(Debug)]
pub(crate) struct SmoothWeighted {
    weights: Vec<i64>,
    credits: Vec<i64>,
}

impl SmoothWeighted {
    /// Weights in the upstreams' order.
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let weights: Vec<i64> = weights.into_iter().map(i64::from).collect();
        Self { credits: vec![0; weights.len()], weights }
    }

    /// The next of those that `is_candidate` allows; the others' credits stand still.
    pub(crate) fn pick(&mut self, is_candidate: impl Fn(usize) -> bool) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for index in (0..self.weights.len()).filter(|&index| is_candidate(index)) {
            self.credits[index] += self.weights[index];
            total += self.weights[index];
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
        let mut balancer = SmoothWeighted::new(weights.iter().copied());
        let picks: Vec<_> =
            (0..expected.len()).map(|_| balancer.pick(|index| !dead.contains(&index)).unwrap()).collect();
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
        assert_eq!(SmoothWeighted::new([1, 2]).pick(|_| false), None);
    }

    proptest! {
        #[test]
        fn over_a_cycle_everyone_gets_exactly_their_weight(weights in prop::collection::vec(1u32..20, 1..8)) {
            let mut balancer = SmoothWeighted::new(weights.iter().copied());
            let mut counts = vec![0; weights.len()];
            for _ in 0..weights.iter().sum() {
                counts[balancer.pick(|_| true).unwrap()] += 1;
            }
            prop_assert_eq!(counts, weights);
        }
    }
}
