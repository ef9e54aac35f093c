//! The power of two choices: of two upstreams drawn by their weights, the one that is less busy for its weight; of equals,
//! the one whose turn it is.
use super::{Candidate, turn::Turns};

#[derive(Debug)]
pub(crate) struct PowerOfTwo {
    turns: Turns,
}

impl PowerOfTwo {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { turns: Turns::new(upstreams) }
    }

    pub(super) fn pick(
        &mut self,
        candidate: impl Fn(usize) -> Option<Candidate>,
        mut random: impl FnMut(u64) -> u64,
    ) -> Option<usize> {
        let mut draw = |except: Option<usize>| {
            let all = || (0..self.turns.len()).filter(move |&index| Some(index) != except);
            let known = || all().filter_map(|index| Some((index, candidate(index)?)));
            let total: u64 = known().map(|(_, one)| u64::from(one.weight)).sum();
            let mut left = if total == 0 { return None } else { random(total) };
            known().find(|(_, one)| {
                let is_drawn = left < u64::from(one.weight);
                left = left.saturating_sub(u64::from(one.weight));
                is_drawn
            })
        };
        let (first, one) = draw(None)?;
        let (picked, candidate) = match draw(Some(first)) {
            None => (first, one),
            // Of two that are all there are, both are drawn whatever their weights: so these count here too.
            Some((second, other)) => {
                let turns = || self.turns.of(first, one).cmp(&self.turns.of(second, other));
                if one.cmp_load(other).then_with(turns).is_gt() { (second, other) } else { (first, one) }
            }
        };
        self.turns.take(picked, candidate);
        Some(picked)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_equals_go_in_turn() {
        let mut balancer = PowerOfTwo::new(2);
        let idle = |_| Some(Candidate { weight: 1, load: 0 });
        let picks: Vec<usize> = (0..6).map(|_| balancer.pick(idle, |below| fastrand::u64(..below)).unwrap()).collect();
        assert!(picks.windows(2).all(|pair| pair[0] != pair[1]), "{picks:?}");
    }

    #[test]
    fn each_has_its_share_while_all_are_idle() {
        for weights in [&[1, 2][..], &[1, 1, 8], &[5, 3, 1, 1]] {
            let mut rng = fastrand::Rng::with_seed(7);
            let mut balancer = PowerOfTwo::new(weights.len());
            let mut picked = vec![0u32; weights.len()];
            for _ in 0..10_000 {
                let idle = |index: usize| Some(Candidate { weight: weights[index], load: 0 });
                picked[balancer.pick(idle, |below| rng.u64(..below)).unwrap()] += 1;
            }
            let total: u32 = weights.iter().sum();
            for (&count, &weight) in picked.iter().zip(weights) {
                let expected = 10_000 * weight / total;
                assert!(count.abs_diff(expected) < expected / 10 + 20, "{picked:?} for {weights:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_busiest_is_never_picked_and_a_lone_one_always(
            loads in prop::collection::vec(prop::option::of(0u32..50), 1..8),
            seed: u64,
        ) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut balancer = PowerOfTwo::new(loads.len());
            let candidate = |index: usize| loads[index].map(|load: u32| Candidate { weight: 1, load });
            let known: Vec<u32> = loads.iter().flatten().copied().collect();
            let picked = balancer.pick(candidate, |below| rng.u64(..below));
            prop_assert_eq!(picked.is_none(), known.is_empty());
            if let Some(picked) = picked {
                let load = loads[picked].expect("it is a candidate");
                let busiest = *known.iter().max().unwrap();
                let alone = known.iter().filter(|&&other| other == busiest).count() == 1;
                prop_assert!(known.len() == 1 || load < busiest || !alone);
            }
        }
    }
}
