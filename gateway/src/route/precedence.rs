//! Which of two routes goes first.
use std::cmp::Reverse;

use http::Method;

use super::{
    RoutePattern,
    condition::{Expected, HeaderCondition, QueryCondition},
    host::{HostPattern, HostRank},
    pattern::{Segment, Shape},
};

/// The precedence of a route: the smaller goes first. The fields decide in their order.
///
/// Nothing else decides it, the place in the file least of all. Of two routes that both match a request, one is smaller
/// unless they ask for the same; up to [`Precedence::count`] this is the rule that operators know, from there on it
/// only makes the order certain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    /// An exact host, a longer wildcard, a shorter one, none.
    pub(super) host: HostRank,
    /// An exact path, a longer prefix, a shorter one, a regular expression.
    pub(super) path: PathRank,
    /// More conditions first: each header field and each query parameter is one, and all methods together are one.
    count: Reverse<usize>,
    /// Longer expressions first, then by their text; empty for other paths.
    regex: (Reverse<usize>, Box<str>),
    /// By name, then a text before an expression before mere presence.
    headers: Vec<(Box<str>, ValueRank)>,
    /// As `headers`.
    query: Vec<(Box<str>, ValueRank)>,
    /// Fewer methods first.
    methods: MethodsRank,
}

/// A path's part of the precedence. Lengths count segments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PathRank {
    /// `/users$`
    Exact(Reverse<usize>, Vec<SegmentRank>),
    /// `/users`
    Prefix(Reverse<usize>, Vec<SegmentRank>),
    /// `~/users/.*`
    Regex,
}

/// A segment's part: from the left, a literal one goes before a `{name}`, whatever the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SegmentRank {
    /// `users`
    Literal(Box<str>),
    /// `{id}`
    Name,
}

/// A condition's part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum ValueRank {
    Text(Box<str>),
    Regex(Box<str>),
    Present,
}

/// The methods' part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct MethodsRank {
    /// How many, with the HEAD that GET brings; all methods are the most.
    count: usize,
    /// A HEAD that is written goes before one that GET brings.
    brings_head: bool,
    /// Sorted.
    names: Vec<String>,
}

impl Precedence {
    pub(super) fn of(pattern: &RoutePattern) -> Self {
        let headers = sorted(pattern.headers.iter().map(HeaderCondition::rank));
        let query = sorted(pattern.query.iter().map(QueryCondition::rank));
        let methods = usize::from(!pattern.methods.is_empty());
        Self {
            host: pattern.host.as_ref().map_or(HostRank::Any, HostPattern::rank),
            path: PathRank::of(pattern.path.shape()),
            count: Reverse(methods + headers.len() + query.len()),
            regex: match pattern.path.shape() {
                Shape::Regex(regex) => (Reverse(regex.text().len()), regex.text().into()),
                _ => (Reverse(0), "".into()),
            },
            headers,
            query,
            methods: MethodsRank::of(&pattern.methods),
        }
    }

    /// Whether both ask for the same host, path, header fields and query parameters, and each for some methods or
    /// neither for any. Such routes stand side by side in their order.
    pub(super) fn differs_by_methods_only(&self, other: &Self) -> bool {
        let Self { host, path, count, regex, headers, query, methods: _ } = self;
        (host, path, count) == (&other.host, &other.path, &other.count)
            && (regex, headers, query) == (&other.regex, &other.headers, &other.query)
    }
}

impl PathRank {
    fn of(shape: &Shape) -> Self {
        let ranks = |segments: &[Segment]| segments.iter().map(SegmentRank::of).collect();
        match shape {
            Shape::Exact(segments) => Self::Exact(Reverse(segments.len()), ranks(segments)),
            Shape::Prefix(segments) => Self::Prefix(Reverse(segments.len()), ranks(segments)),
            Shape::Regex(_) => Self::Regex,
        }
    }
}

impl SegmentRank {
    fn of(segment: &Segment) -> Self {
        match segment {
            Segment::Literal(text) => Self::Literal(text.clone()),
            Segment::Name(_) => Self::Name,
        }
    }
}

impl MethodsRank {
    fn of(methods: &[Method]) -> Self {
        let names = names(methods);
        Self {
            count: if names.is_empty() { usize::MAX } else { names.len() },
            brings_head: names.len() > methods.len(),
            names: names.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl HeaderCondition {
    fn rank(&self) -> (Box<str>, ValueRank) {
        (self.name.as_str().into(), ValueRank::of(&self.value))
    }
}

impl QueryCondition {
    fn rank(&self) -> (Box<str>, ValueRank) {
        (self.name.clone(), ValueRank::of(&self.value))
    }
}

impl ValueRank {
    fn of(expected: &Expected) -> Self {
        match expected {
            Expected::Text(text) => Self::Text(text.clone()),
            Expected::Regex(regex) => Self::Regex(regex.text().into()),
            Expected::Present => Self::Present,
        }
    }
}

/// The names of `methods`, sorted, each once, HEAD beside GET: what they serve, and what `Allow` lists.
pub(super) fn names<'m>(methods: impl IntoIterator<Item = &'m Method>) -> Vec<&'m str> {
    let mut names = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The same condition twice is one.
fn sorted<R: Ord>(ranks: impl Iterator<Item = R>) -> Vec<R> {
    let mut ranks: Vec<_> = ranks.collect();
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}
