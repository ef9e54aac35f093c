//! Routes that can never win.
use std::collections::BTreeSet;

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
    let mut conflicts = Vec::new();
    for alike in ranked.chunk_by(|(one, ..), (other, ..)| one.differs_by_methods_only(other)) {
        for (place, &(_, loser, pattern)) in alike.iter().enumerate().skip(1) {
            conflicts.extend(
                among(pattern, &alike[..place]).map(|(winner, winners)| Conflict {
                    loser,
                    winner,
                    reason: alike_reason(pattern, &winners),
                }),
            );
        }
    }
    let beaten: BTreeSet<_> = conflicts.iter().map(|conflict| conflict.loser).collect();
    for &(rank, loser, pattern) in ranked {
        if rank.path == PathRank::Regex && !beaten.contains(&loser) {
            let above = above_regex((rank, loser, pattern), ranked, hosts);
            conflicts.extend(among(pattern, &above).map(|(winner, winners)| Conflict {
                loser,
                winner,
                reason: format!(
                    "regular expressions come last, so {} takes every request that this one matches",
                    winners.join(" with ")
                ),
            }));
        }
    }
    conflicts.sort_unstable_by_key(|conflict| conflict.loser);
    conflicts
}

/// Whether `before` takes every method of `pattern`, when all else of `pattern` is covered by each of them: the first of
/// those that do, and how all of them are written.
fn among(pattern: &RoutePattern, before: &[Ranked<'_>]) -> Option<(usize, Vec<String>)> {
    let text = |pattern: &RoutePattern| format!("`{}`", pattern.text);
    if let Some((_, winner, all)) = before.iter().find(|(.., before)| before.methods.is_empty()) {
        return Some((*winner, vec![text(all)]));
    }
    let mut wanted = names(&pattern.methods);
    if wanted.is_empty() {
        return None;
    }
    let mut winners = Vec::new();
    for (_, index, before) in before {
        let taken = names(&before.methods);
        let left = wanted.len();
        wanted.retain(|method| !taken.contains(method));
        if wanted.len() < left {
            winners.push((*index, text(before)));
        }
    }
    let first = winners.first()?.0;
    wanted
        .is_empty()
        .then(|| (first, winners.into_iter().map(|(_, text)| text).collect()))
}

fn alike_reason(loser: &RoutePattern, winners: &[String]) -> String {
    match winners {
        [winner] if *winner == format!("`{}`", loser.text) => format!("{winner} stands here twice"),
        [winner] if loser.path.names().next().is_some() => {
            format!("{winner} matches the same requests: the names in braces make no difference")
        }
        [winner] => format!("{winner} takes every request that this one matches"),
        _ => format!(
            "{} take every request that this one matches",
            winners.join(" and ")
        ),
    }
}

/// The routes before an expression that match whatever it matches, but for the method.
fn above_regex<'r>(
    regex: Ranked<'r>,
    ranked: &[Ranked<'r>],
    hosts: &Hosts,
) -> SmallVec<[Ranked<'r>; 2]> {
    let (rank, _, pattern) = regex;
    let (Shape::Regex(expression), Some(level)) = (pattern.path.shape(), hosts.level(&rank.host))
    else {
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
    let slots = slots
        .into_iter()
        .filter(|slot| covers(ranked[slot.range().start].2.path.shape()));
    let routes = slots.flat_map(|slot| ranked[slot.range()].iter().copied());
    routes
        .filter(|(.., before)| before.asks_no_more_than(pattern))
        .collect()
}

impl RoutePattern {
    /// Whether the header fields and query parameters of `other` imply these.
    fn asks_no_more_than(&self, other: &Self) -> bool {
        self.headers.iter().all(|mine| {
            other
                .headers
                .iter()
                .any(|other| mine.name == other.name && mine.value.covers(&other.value))
        }) && self.query.iter().all(|mine| {
            other
                .query
                .iter()
                .any(|other| mine.name == other.name && mine.value.covers(&other.value))
        })
    }
}
