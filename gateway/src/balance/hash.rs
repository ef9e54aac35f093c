//! Consistent hashing with bounded loads: a key goes to the same upstream for as long as that is there and not much
//! busier than its share.
//!
//! Each upstream has a score for each key (rendezvous hashing, weighted), and the highest wins: so the loss of one moves
//! its own keys alone, and needs no ring to be rebuilt. One that is over its bound is passed over (Mirrokni, Thorup,
//! Zadimoghaddam: Consistent Hashing with Bounded Loads).
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use super::Candidate;

/// How much more than its share an upstream may have, in percent.
const BOUND: u64 = 125;

/// What a key or a name hashes to: the same in every worker and after every start.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// The candidate for `key`, among upstreams whose names hash to `names`.
pub(super) fn pick(names: &[u64], key: u64, candidate: impl Fn(usize) -> Option<Candidate>) -> Option<usize> {
    let known = || names.iter().enumerate().filter_map(|(index, name)| Some((index, *name, candidate(index)?)));
    let weights: u64 = known().map(|(_, _, one)| u64::from(one.weight)).sum();
    let loads: u64 = known().map(|(_, _, one)| u64::from(one.load)).sum();
    let has_room = |one: Candidate| {
        let bound = (BOUND * (loads + 1) * u64::from(one.weight)).div_ceil(100 * weights);
        u64::from(one.load) < bound
    };
    let best = known()
        .filter(|(_, _, one)| has_room(*one))
        .map(|(index, name, one)| (index, score(name, key, one.weight)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map(|(index, _)| index)
}

/// Weighted rendezvous: `-weight / ln(u)`, with `u` between 0 and 1 from the hash of both.
#[allow(clippy::cast_precision_loss, reason = "53 bits of a hash are enough")]
fn score(name: u64, key: u64, weight: u32) -> f64 {
    let mut both = [0; 16];
    both[..8].copy_from_slice(&name.to_le_bytes());
    both[8..].copy_from_slice(&key.to_le_bytes());
    let part = ((of(&both) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(weight) / part.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(count: usize) -> Vec<u64> {
        (0..count).map(|index| of(format!("http://10.0.0.{index}:80").as_bytes())).collect()
    }

    #[test]
    fn shares_follow_the_weights() {
        let (names, weights) = (names(3), [1, 2, 5]);
        let mut counts = [0u32; 3];
        for key in 0..8000u32 {
            let candidate = |index: usize| Some(Candidate { weight: weights[index], load: 0 });
            counts[pick(&names, of(&key.to_le_bytes()), candidate).unwrap()] += 1;
        }
        for (count, weight) in counts.into_iter().zip(weights) {
            assert!(count.abs_diff(1000 * weight) < 200, "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn only_a_dead_ones_keys_move(keys in prop::collection::vec(any::<u64>(), 1..50), count in 2usize..8, dead: usize) {
            let (names, dead) = (names(count), dead % count);
            let idle = Some(Candidate { weight: 1, load: 0 });
            for key in keys {
                let before = pick(&names, key, |_| idle).unwrap();
                let after = pick(&names, key, |index| idle.filter(|_| index != dead)).unwrap();
                prop_assert!(after != dead && (before == after || before == dead));
            }
        }

        #[test]
        fn nobody_gets_much_more_than_its_share(requests in 1u32..300, count in 1usize..8, key: u64) {
            let names = names(count);
            let mut loads = vec![0u32; count];
            for _ in 0..requests {
                let picked = pick(&names, key, |index| Some(Candidate { weight: 1, load: loads[index] })).unwrap();
                loads[picked] += 1;
            }
            let most = (u64::from(requests) * BOUND).div_ceil(100 * count as u64);
            prop_assert!(loads.iter().all(|&load| u64::from(load) <= most), "{:?}", loads);
        }
    }

    #[test]
    fn without_a_candidate_there_is_no_pick() {
        assert_eq!(pick(&names(2), 1, |_| None), None);
    }
}
