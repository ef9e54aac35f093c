//! All routes in order of precedence, and an index that finds those that a path can match.
use std::ops::Range;

use http::{HeaderValue, Method};
use smallvec::SmallVec;

use super::{
    Found, Miss, Params, Query, RoutePattern,
    pattern::{Segment, Shape},
    precedence::{self, Precedence},
};

mod hash;
mod hosts;
mod literals;
#[cfg(test)]
mod oracle;
mod shadow;
#[cfg(test)]
mod tests;
mod trie;
#[cfg(test)]
mod written;

use hosts::Hosts;
pub use shadow::Conflict;
use trie::Slot;

/// Routes, each with a value. Built once; a look-up takes no lock, and allocates only for expressions and for a 405.
#[derive(Debug)]
pub struct RouteTable<T> {
    /// In order of precedence. The rest only says where in it to look.
    routes: Vec<Entry<T>>,
    hosts: Hosts,
}

#[derive(Debug)]
struct Entry<T> {
    pattern: RoutePattern,
    value: T,
    /// Bytes that it covers, when they are the same on every path.
    covers: Option<usize>,
}

impl<T> RouteTable<T> {
    /// Puts `routes` into their order. Fails with every route that can never win, as far as that can be told: see
    /// [`Conflict`].
    pub fn build(routes: Vec<(RoutePattern, T)>) -> Result<Self, Vec<Conflict>> {
        let mut ranked: Vec<_> = routes
            .into_iter()
            .enumerate()
            .map(|(index, (pattern, value))| (Precedence::of(&pattern), index, Entry::new(pattern, value)))
            .collect();
        // The index only decides which of two equal routes is the loser of their conflict: the later one.
        ranked.sort_unstable_by(|(one, i, _), (other, j, _)| one.cmp(other).then(i.cmp(j)));
        let ranks: Vec<_> = ranked.iter().map(|(rank, index, entry)| (rank, *index, &entry.pattern)).collect();
        let hosts = Hosts::build(&ranks);
        let conflicts = shadow::conflicts(&ranks, &hosts);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        Ok(Self { routes: ranked.into_iter().map(|(_, _, entry)| entry).collect(), hosts })
    }

    /// The first route, in order of precedence, all of which holds.
    ///
    /// Whatever does not hold of a route makes it no match, and the next is tried: shorter prefixes, expressions, then
    /// wildcard hosts and routes without a host.
    pub fn find(&self, query: &Query<'_>) -> Result<Found<'_, T>, Miss> {
        let mut misses = Misses::default();
        let mut slots = SmallVec::<[Slot; 8]>::new();
        for level in self.hosts.levels(query.host) {
            slots.clear();
            level.paths.collect(query.path, &mut slots);
            // Places in the list of routes: their order is the precedence.
            slots.sort_unstable();
            for slot in &slots {
                if let Some(entry) = self.first_that_holds(slot.range(), query, &mut misses) {
                    return Ok(entry.found(query.path));
                }
            }
            for at in level.regexes.clone() {
                if !self.routes[at].is_regex_match(query.path) {
                    continue;
                }
                if let Some(entry) = self.first_that_holds(at..at + 1, query, &mut misses) {
                    return Ok(entry.found(query.path));
                }
            }
        }
        Err(self.miss(&misses))
    }

    /// Every route, first to last.
    pub fn in_match_order(&self) -> impl Iterator<Item = (&RoutePattern, &T)> {
        self.routes.iter().map(|entry| (&entry.pattern, &entry.value))
    }

    /// Of some routes whose host and path match, the first all of which holds.
    fn first_that_holds(&self, range: Range<usize>, query: &Query<'_>, misses: &mut Misses) -> Option<&Entry<T>> {
        for (at, entry) in range.clone().zip(&self.routes[range]) {
            match entry.pattern.judge(query) {
                Verdict::Holds => return Some(entry),
                Verdict::Method => misses.by_method.push(at),
                Verdict::Other => misses.otherwise = true,
            }
        }
        None
    }

    fn miss(&self, misses: &Misses) -> Miss {
        if misses.otherwise || misses.by_method.is_empty() {
            return Miss::NoRoute;
        }
        let methods = misses.by_method.iter().flat_map(|&at| &self.routes[at].pattern.methods);
        let allow = precedence::names(methods).join(", ");
        let allow = HeaderValue::try_from(allow).expect("methods are tokens, and so part of a field value");
        Miss::MethodNotAllowed { allow }
    }
}

/// The routes whose host and path matched, but not the rest of them.
#[derive(Default)]
struct Misses {
    by_method: SmallVec<[usize; 8]>,
    otherwise: bool,
}

/// Whether a route whose host and path match is taken.
enum Verdict {
    Holds,
    /// All but the method holds.
    Method,
    /// A header field or a query parameter does not hold.
    Other,
}

impl RoutePattern {
    fn judge(&self, query: &Query<'_>) -> Verdict {
        let holds = self.headers.iter().all(|condition| condition.holds(query.headers))
            && self.query.iter().all(|condition| condition.holds(query.query));
        match holds {
            false => Verdict::Other,
            true if self.takes(query.method) => Verdict::Holds,
            true => Verdict::Method,
        }
    }

    fn takes(&self, method: &Method) -> bool {
        self.methods.is_empty()
            || self.methods.contains(method)
            || (method == Method::HEAD && self.methods.contains(&Method::GET))
    }
}

impl<T> Entry<T> {
    fn new(pattern: RoutePattern, value: T) -> Self {
        let is_literal = |segment: &Segment| matches!(segment, Segment::Literal(_));
        let covers = match pattern.path.shape() {
            Shape::Exact(segments) | Shape::Prefix(segments) => {
                segments.iter().all(is_literal).then(|| place(segments, "", &mut Params::default()))
            }
            Shape::Regex(_) => None,
        };
        Self { pattern, value, covers }
    }

    fn is_regex_match(&self, path: &str) -> bool {
        matches!(self.pattern.path.shape(), Shape::Regex(regex) if regex.is_match(path))
    }

    /// The place of everything in `path`, which matches.
    fn found(&self, path: &str) -> Found<'_, T> {
        let mut params = Params::default();
        params.matched = match (self.covers, self.pattern.path.shape()) {
            (Some(covers), _) => covers,
            (None, Shape::Exact(segments) | Shape::Prefix(segments)) => place(segments, path, &mut params),
            (None, Shape::Regex(regex)) => {
                for group in regex.captures(path) {
                    params.push(&group.unwrap_or(0..0));
                }
                path.len()
            }
        };
        Found { value: &self.value, pattern: &self.pattern, matched: params.matched, params }
    }
}

/// Where the names of `segments` stand in `path`, which begins with them, and where the last segment ends: literals are
/// not looked up.
fn place(segments: &[Segment], path: &str, params: &mut Params) -> usize {
    let mut end = 0;
    for segment in segments {
        let start = end + 1;
        end = match segment {
            Segment::Literal(text) => start + text.len(),
            Segment::Name(_) => {
                let end = trie::segment_end(path.as_bytes(), start);
                params.push(&(start..end));
                end
            }
        };
    }
    end
}
