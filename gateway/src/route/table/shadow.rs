//! Routes that can never win.
use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::{
    hosts::{Hosts, Ranked},
    precedence::names,
};
use crate::route::{
    RoutePattern,
    pattern::{Shape, language},
    precedence::PathRank,
};

#[cfg(test)]
mod tests;

/// A route that can never win: every request that it matches is taken by routes that go before it.
///
/// Two kinds are found. Routes that ask for the same host, path, header fields and query parameters, when their methods
/// are taken too; the names of `{name}`s make no difference. And regular expressions, all paths of which lie under the
/// exact paths and prefixes of the same host, when these ask for no more. Nothing that is reported can win; that no
/// others exist is not promised (two different expressions may match the same paths).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The route that can never win: its index in what the table was to be built from.
    pub loser: usize,
    /// The route that takes its requests, or the first of several: also an index.
    pub winner: usize,
    /// Why, for the operator: a sentence without a full stop that names the winner as it is written.
    pub reason: String,
}

/// All conflicts of `ranked`, which is in order of precedence, by the index of the loser.
pub(super) fn conflicts(ranked: &[Ranked<'_>], hosts: &Hosts) -> Vec<Conflict> {
    let mut conflicts = BTreeMap::new();
    for alike in ranked.chunk_by(|(one, ..), (other, ..)| one.differs_by_methods_only(other)) {
        for (place, &(_, loser, pattern)) in alike.iter().enumerate().skip(1) {
            if let Some(winners) = that_take_all(pattern, &alike[..place]) {
                conflicts.insert(loser, (winners[0].1, alike_reason(pattern, &winners)));
            }
        }
    }
    for &(rank, loser, pattern) in ranked {
        if rank.path == PathRank::Regex && !conflicts.contains_key(&loser) {
            let above = above_regex((rank, loser, pattern), ranked, hosts);
            if let Some(winners) = that_take_all(pattern, &above) {
                conflicts.insert(loser, (winners[0].1, regex_reason(&winners)));
            }
        }
    }
    let conflict = |(loser, (winner, reason))| Conflict { loser, winner, reason };
    conflicts.into_iter().map(conflict).collect()
}

/// Routes that together take every method of `pattern`, when each of `before` covers all else of it.
fn that_take_all<'r>(pattern: &RoutePattern, before: &[Ranked<'r>]) -> Option<Vec<Ranked<'r>>> {
    if let Some(any) = before.iter().find(|(.., before)| before.methods.is_empty()) {
        return Some(vec![*any]);
    }
    let mut left = names(&pattern.methods);
    if left.is_empty() {
        return None;
    }
    let mut winners = Vec::new();
    for winner in before {
        let taken = names(&winner.2.methods);
        if left.iter().any(|method| taken.contains(method)) {
            left.retain(|method| !taken.contains(method));
            winners.push(*winner);
        }
        if left.is_empty() {
            return Some(winners);
        }
    }
    None
}

fn alike_reason(loser: &RoutePattern, winners: &[Ranked<'_>]) -> String {
    match winners {
        [(.., winner)] if winner.text == loser.text => {
            format!("`{}` stands here twice", loser.text)
        }
        [(.., winner)] if !winner.path.names().eq(loser.path.names()) => {
            format!("`{}` matches the same requests: the names in braces make no difference", winner.text)
        }
        [(.., winner)] => format!("`{}` takes every request that this one matches", winner.text),
        _ => format!("{} take every request that this one matches", written(winners)),
    }
}

fn regex_reason(winners: &[Ranked<'_>]) -> String {
    let take = if winners.len() == 1 { "takes" } else { "take" };
    let winners = written(winners);
    format!("regular expressions come last, so {winners} {take} every request that this one matches")
}

fn written(routes: &[Ranked<'_>]) -> String {
    let texts: Vec<_> = routes.iter().map(|(.., pattern)| format!("`{}`", pattern.text)).collect();
    texts.join(" and ")
}

/// The routes before an expression that match whatever it matches, but for the method.
fn above_regex<'r>(regex: Ranked<'r>, ranked: &[Ranked<'r>], hosts: &Hosts) -> SmallVec<[Ranked<'r>; 2]> {
    let (rank, _, pattern) = regex;
    let (Shape::Regex(expression), Some(level)) = (pattern.path.shape(), hosts.level(&rank.host)) else {
        return SmallVec::new();
    };
    let Some(sample) = expression.sample() else {
        return SmallVec::new();
    };
    // A path that covers all that the expression matches covers any one of them: so one sample leaves few to look at.
    let mut slots = SmallVec::new();
    level.paths.collect(sample, &mut slots);
    slots.sort_unstable();
    let covers = |shape: &Shape| language::covers(shape, expression.text());
    let slots = slots.into_iter().filter(|slot| covers(ranked[slot.range().start].2.path.shape()));
    let routes = slots.flat_map(|slot| ranked[slot.range()].iter().copied());
    routes.filter(|(.., before)| before.asks_no_more_than(pattern)).collect()
}

impl RoutePattern {
    /// Whether the header fields and query parameters of `other` imply these.
    fn asks_no_more_than(&self, other: &Self) -> bool {
        self.headers
            .iter()
            .all(|mine| other.headers.iter().any(|other| mine.name == other.name && mine.value.covers(&other.value)))
            && self
                .query
                .iter()
                .all(|mine| other.query.iter().any(|other| mine.name == other.name && mine.value.covers(&other.value)))
    }
}
