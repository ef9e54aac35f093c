//! Which service of a split gets a request: by weight, at random, or by a key that gets the same one again.
//!
//! A service that has no upstream to send to takes no part: its requests go to the others, by their weights. When none
//! has one, the request is answered as if there were no split, by the 503 of the service that it fell to.
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use smallvec::SmallVec;

use crate::{
    balance::hash,
    cluster::{LocalCluster, affinity},
    config::HashKey,
    cookie,
};

/// A route's split, decided when the configuration is built.
#[derive(Debug)]
pub(crate) struct Split {
    /// Those with a weight, at least one.
    branches: Vec<Branch>,
    /// The sum of their weights.
    total: u64,
    sticky: Option<HashKey>,
}

/// One service of it.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) weight: u32,
    /// The index of the lane that is the route's with this service.
    pub(crate) lane: usize,
    /// The index of its cluster.
    pub(crate) cluster: usize,
}

/// What was chosen.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The index of the lane.
    pub(crate) lane: usize,
    /// A cookie by which the client is known from now on.
    pub(crate) cookie: Option<HeaderValue>,
}

impl Split {
    /// One among `branches`, of which one at least has a weight.
    pub(crate) fn new(mut branches: Vec<Branch>, sticky: Option<HashKey>) -> Self {
        branches.retain(|branch| branch.weight > 0);
        let total = branches.iter().map(|branch| u64::from(branch.weight)).sum();
        Self { branches, total, sticky }
    }

    /// Whether any request goes to the cluster of this index.
    pub(crate) fn leads_to(&self, cluster: usize) -> bool {
        self.branches.iter().any(|branch| branch.cluster == cluster)
    }

    /// The branch for a request with these fields, of this client, that came by `scheme`. A client that is to be known by
    /// a cookie and has none is given one.
    pub(crate) fn choose(
        &self,
        fields: &HeaderMap,
        client: IpAddr,
        scheme: &str,
        clusters: &[LocalCluster],
        random: impl FnOnce() -> u128,
    ) -> Choice {
        let mut given = None;
        let key = match &self.sticky {
            None => fastrand::u64(..),
            Some(key) => affinity::named(key, fields).unwrap_or_else(|| {
                let HashKey::Cookie(name) = key else { return affinity::of_address(client) };
                let value = format!("{:032x}", random());
                given = cookie::new(name, &value, scheme);
                hash::of(value.as_bytes())
            }),
        };
        let lane = self.pick(key, |branch| clusters[branch.cluster].is_open()).lane;
        Choice { lane, cookie: given }
    }

    /// The branch that `key` falls to among those that are open; among all of them where none is.
    fn pick(&self, key: u64, is_open: impl Fn(&Branch) -> bool) -> &Branch {
        let first = fall(&self.branches, self.total, key).expect("a split has a branch");
        if is_open(first) {
            return first;
        }
        let open: SmallVec<[&Branch; 8]> = self.branches.iter().filter(|branch| is_open(branch)).collect();
        let total = open.iter().map(|branch| u64::from(branch.weight)).sum();
        fall(open, total, key).unwrap_or(first)
    }
}

/// Where `key` falls, on a line on which each branch is as long as its weight.
fn fall<'b>(branches: impl IntoIterator<Item = &'b Branch>, total: u64, key: u64) -> Option<&'b Branch> {
    let scaled = (u128::from(key) * u128::from(total)) >> 64;
    let mut left = u64::try_from(scaled).expect("it is below the total");
    branches.into_iter().find(|branch| match left.checked_sub(u64::from(branch.weight)) {
        None => true,
        Some(rest) => {
            left = rest;
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(weights: &[u32]) -> Split {
        let branches = weights.iter().enumerate();
        let branches = branches.map(|(index, &weight)| Branch { weight, lane: index, cluster: index });
        Split::new(branches.collect(), None)
    }

    /// How many of a thousand keys, evenly apart, fall to each when those in `closed` are.
    fn shares(weights: &[u32], closed: &[usize]) -> Vec<usize> {
        let split = split(weights);
        let mut counts = vec![0; weights.len()];
        for part in 0..1000u64 {
            let key = u64::MAX / 1000 * part + u64::MAX / 2000;
            counts[split.pick(key, |branch| !closed.contains(&branch.cluster)).lane] += 1;
        }
        counts
    }

    #[test]
    fn shares_follow_the_weights() {
        assert_eq!(shares(&[1], &[]), [1000]);
        assert_eq!(shares(&[1, 1], &[]), [500, 500]);
        assert_eq!(shares(&[900, 90, 10], &[]), [900, 90, 10]);
        assert_eq!(shares(&[0, 3, 1], &[]), [0, 750, 250]);
    }

    #[test]
    fn one_that_is_closed_leaves_its_share_to_the_others_by_their_weights() {
        let open = shares(&[2, 1, 1], &[1]);
        assert_eq!(open[1], 0);
        assert!(open[0] > 620 && open[2] > 310, "{open:?}");
        assert_eq!(shares(&[2, 1, 1], &[0, 1, 2]), shares(&[2, 1, 1], &[]), "none is better than another");
        assert_eq!(shares(&[1, 0], &[0]), [1000, 0], "no weight is no request");
    }

    #[test]
    fn a_key_whose_service_is_open_stays_when_another_closes() {
        let split = split(&[1, 1, 1]);
        for key in (0..u64::MAX - (1 << 58)).step_by(1 << 58) {
            let before = split.pick(key, |_| true).lane;
            let after = split.pick(key, |branch| branch.lane != 0).lane;
            assert!(before == after || before == 0, "{key}");
        }
    }
}
