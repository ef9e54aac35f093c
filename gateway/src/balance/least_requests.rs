//! Least requests: the upstream that is at work on the fewest, each for its weight; equals in turn.
use super::{Candidate, turn::Turns};

#[derive(Debug)]
pub(crate) struct LeastRequests {
    turns: Turns,
}

impl LeastRequests {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { turns: Turns::new(upstreams) }
    }

    pub(super) fn pick(&mut self, candidate: impl Fn(usize) -> Option<Candidate>) -> Option<usize> {
        let candidates = (0..self.turns.len()).filter_map(|index| Some((index, candidate(index)?)));
        let least = candidates.min_by(|(a, one), (b, other)| {
            one.cmp_load(*other).then_with(|| self.turns.of(*a, *one).cmp(&self.turns.of(*b, *other)))
        });
        let (index, candidate) = least?;
        self.turns.take(index, candidate);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equals_go_in_turn_and_the_idle_come_first() {
        let check = |loads: [Option<u32>; 3], weights: [u32; 3], expected: &[usize]| {
            let mut balancer = LeastRequests::new(3);
            let candidate = |index: usize| loads[index].map(|load| Candidate { weight: weights[index], load });
            let picks: Vec<usize> = (0..expected.len()).map(|_| balancer.pick(candidate).unwrap()).collect();
            assert_eq!(picks, expected, "{loads:?} {weights:?}");
        };
        check([Some(0), Some(0), Some(0)], [1; 3], &[0, 1, 2, 0, 1, 2]);
        check([Some(3), Some(0), Some(0)], [1; 3], &[1, 2, 1, 2]);
        check([Some(5), None, Some(9)], [1; 3], &[0, 0]);
        check([Some(1), Some(3), Some(9)], [1, 5, 1], &[1, 1]);
        check([Some(0), Some(0), None], [1, 2, 1], &[1, 0, 1, 1, 0, 1]);
        assert_eq!(LeastRequests::new(2).pick(|_| None), None);
    }

    proptest! {
        #[test]
        fn nobody_is_busier_than_the_others_for_its_weight(
            weights in prop::collection::vec(1u32..10, 1..6),
            requests in 1usize..200,
        ) {
            let mut balancer = LeastRequests::new(weights.len());
            let mut loads = vec![0u32; weights.len()];
            for _ in 0..requests {
                let candidate = |index: usize| Some(Candidate { weight: weights[index], load: loads[index] });
                let picked = balancer.pick(candidate).unwrap();
                loads[picked] += 1;
            }
            for (a, b) in (0..weights.len()).flat_map(|a| (0..weights.len()).map(move |b| (a, b))) {
                let before_its_last = loads[a].saturating_sub(1);
                prop_assert!(before_its_last * weights[b] <= loads[b] * weights[a], "{:?} for {:?}", loads, weights);
            }
        }
    }
}
