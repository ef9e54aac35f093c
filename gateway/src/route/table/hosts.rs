//! The routes of each host.
use std::{borrow::Cow, collections::HashMap, net::Ipv6Addr, ops::Range};

use smallvec::SmallVec;

use super::{
    Precedence, RoutePattern,
    hash::BuildTextHasher,
    trie::{Slot, Trie},
};
use crate::route::{host::HostRank, precedence::PathRank};

/// A route with its precedence and its place in what the table is built from.
pub(super) type Ranked<'r> = (&'r Precedence, usize, &'r RoutePattern);

/// Where the routes of each host stand in the list.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// `api.example.com`.
    exact: HashMap<Box<str>, Level, BuildTextHasher>,
    /// `example.com` for `*.example.com`.
    wildcard: HashMap<Box<str>, Level, BuildTextHasher>,
    any: Level,
}

/// The routes of one host.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Those with segments.
    pub(super) paths: Trie,
    /// Those with an expression.
    pub(super) regexes: Range<usize>,
}

impl Hosts {
    /// Indexes `ranked`, which is in order of precedence.
    pub(super) fn build(ranked: &[Ranked<'_>]) -> Self {
        let mut hosts = Self::default();
        let mut start = 0;
        // Equal hosts stand side by side, and in each of them equal paths.
        for same in ranked.chunk_by(|(one, ..), (other, ..)| (&one.host, &one.path) == (&other.host, &other.path)) {
            let (rank, _, pattern) = same[0];
            let range = start..start + same.len();
            start = range.end;
            let level = hosts.level_mut(&rank.host);
            if rank.path == PathRank::Regex {
                level.regexes = range;
            } else {
                let is_exact = matches!(rank.path, PathRank::Exact(..));
                level.paths.insert(pattern.path.segments(), is_exact, Slot::new(&range));
            }
        }
        hosts
    }

    /// Those that have routes for `host`, first to last.
    pub(super) fn levels(&self, host: &str) -> SmallVec<[&Level; 4]> {
        let mut levels = SmallVec::new();
        if !(self.exact.is_empty() && self.wildcard.is_empty()) {
            let host = canonical(host);
            levels.extend(self.exact.get(&*host));
            if !self.wildcard.is_empty() {
                // From the left, so from the longest; a dot at the very front has no label before it.
                let dots = host.match_indices('.').filter(|&(at, _)| at > 0);
                levels.extend(dots.filter_map(|(at, _)| self.wildcard.get(&host[at + 1..])));
            }
        }
        levels.push(&self.any);
        levels
    }

    /// Those whose routes ask for just this host.
    pub(super) fn level(&self, host: &HostRank) -> Option<&Level> {
        match host {
            HostRank::Exact(host) => self.exact.get(host),
            HostRank::Wildcard(_, suffix) => self.wildcard.get(suffix),
            HostRank::Any => Some(&self.any),
        }
    }

    fn level_mut(&mut self, host: &HostRank) -> &mut Level {
        match host {
            HostRank::Exact(host) => self.exact.entry(host.clone()).or_default(),
            HostRank::Wildcard(_, suffix) => self.wildcard.entry(suffix.clone()).or_default(),
            HostRank::Any => &mut self.any,
        }
    }
}

/// A request's host in the form that patterns have; borrowed unless it is an IPv6 address.
fn canonical(host: &str) -> Cow<'_, str> {
    let bare = host.strip_suffix('.').unwrap_or(host);
    let address = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match address.map(str::parse::<Ipv6Addr>) {
        Some(Ok(address)) => Cow::Owned(format!("[{address}]")),
        _ => Cow::Borrowed(bare),
    }
}
