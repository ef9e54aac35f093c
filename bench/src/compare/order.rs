//! Who goes first in a round, and who follows whom.

/// The order in which the proxies 0 to `count` are measured in the `round`th round, from 0.
///
/// The list is turned by one place every two rounds, and every second round takes it backwards: what a proxy leaves
/// behind (a warm cache, a busy kernel, a hot core) meets another one each time, and a machine that slows down during
/// a round does not always slow the same one. Three proxies go through all of their six orders.
pub(super) fn order(round: usize, count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.rotate_left((round / 2) % count.max(1));
    if round % 2 == 1 {
        places.reverse();
    }
    places
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn three_go_through_all_their_orders() {
        let orders: HashSet<_> = (0..6).map(|round| order(round, 3)).collect();
        assert_eq!(orders.len(), 6);
        assert_eq!(order(0, 3), [0, 1, 2]);
        assert_eq!(order(6, 3), order(0, 3));
    }

    #[test]
    fn nobody_always_follows_the_same() {
        for count in 2..6 {
            let mut before = vec![HashSet::new(); count];
            for round in 0..2 * count {
                let order = order(round, count);
                assert_eq!(order.iter().copied().collect::<HashSet<_>>().len(), count);
                for pair in order.windows(2) {
                    before[pair[1]].insert(pair[0]);
                }
            }
            assert!(count == 2 || before.iter().all(|others| others.len() > 1), "{count}: {before:?}");
        }
        assert_eq!(order(3, 0), [0_usize; 0]);
    }
}
