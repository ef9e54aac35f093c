//! Which of several upstreams is next. Pure: who is a candidate, how busy each is and what is random is passed in.
pub(crate) mod hash;
mod least_requests;
mod p2c;
mod round_robin;
mod turn;

use self::{least_requests::LeastRequests, p2c::PowerOfTwo, round_robin::SmoothWeighted};

/// What is known of an upstream at the moment of a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its share beside the others'; at least 1.
    pub(crate) weight: u32,
    /// Requests that it is at work on.
    pub(crate) load: u32,
}

impl Candidate {
    /// Orders by how busy they are, each for its weight. Those that are idle are equals, whatever their weights are: a
    /// light one too has its turn.
    fn cmp_load(self, other: Self) -> std::cmp::Ordering {
        let times = |load: u32, weight: u32| u64::from(load) * u64::from(weight);
        times(self.load, other.weight).cmp(&times(other.load, self.weight))
    }
}

/// The place of one worker in the cycle of one service.
#[derive(Debug)]
pub(crate) enum Balancer {
    RoundRobin(SmoothWeighted),
    LeastRequests(LeastRequests),
    PowerOfTwo(PowerOfTwo),
    /// What each upstream's name hashes to.
    Hash(Vec<u64>),
}

impl Balancer {
    pub(crate) fn round_robin(upstreams: usize) -> Self {
        Self::RoundRobin(SmoothWeighted::new(upstreams))
    }

    pub(crate) fn least_requests(upstreams: usize) -> Self {
        Self::LeastRequests(LeastRequests::new(upstreams))
    }

    pub(crate) fn p2c(upstreams: usize) -> Self {
        Self::PowerOfTwo(PowerOfTwo::new(upstreams))
    }

    pub(crate) fn hash<'u>(urls: impl IntoIterator<Item = &'u str>) -> Self {
        Self::Hash(urls.into_iter().map(|url| hash::of(url.as_bytes())).collect())
    }

    /// The next of those that `candidate` knows. `key` is whose request it is, where that matters, and `random` gives a
    /// number below its argument.
    pub(crate) fn pick(
        &mut self,
        candidate: impl Fn(usize) -> Option<Candidate>,
        key: u64,
        random: impl FnMut(u64) -> u64,
    ) -> Option<usize> {
        match self {
            Self::RoundRobin(balancer) => balancer.pick(|index| candidate(index).map(|one| one.weight)),
            Self::LeastRequests(balancer) => balancer.pick(candidate),
            Self::PowerOfTwo(balancer) => balancer.pick(candidate, random),
            Self::Hash(names) => hash::pick(names, key, candidate),
        }
    }
}
