//! What paths a regular expression matches, told from its automaton and not from its text.
//!
//! Assertions (`\b`, a `$` inside) are taken to hold. So the expression seems to match more than it does, and what
//! covers that covers the expression.
use std::collections::HashSet;

use regex_automata::{
    nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures},
    util::primitives::StateID,
};

use super::{Shape, regex::SIZE_LIMIT};

#[cfg(test)]
mod tests;
mod walk;

use walk::{Cursor, Walk};

/// Visited states after which nothing is claimed: more than any expression has that people write.
const MAX_STATES: usize = 100_000;

/// The outcome of a search for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// There is this one.
    Path(String),
    /// There is none.
    Nothing,
    /// The expression is too large to tell.
    Unknown,
}

/// Whether `shape`, which is no expression, matches every normalised path that the expression `text` matches; false
/// where that is not known.
pub(in crate::route) fn covers(shape: &Shape, text: &str) -> bool {
    let walk = match shape {
        Shape::Exact(segments) => Walk::new(segments, true),
        Shape::Prefix(segments) => Walk::new(segments, false),
        Shape::Regex(_) => return false,
    };
    compile(text).is_some_and(|nfa| search(&nfa, &walk) == Search::Nothing)
}

/// A normalised path that the expression `text` matches.
pub(super) fn sample(text: &str) -> Search {
    compile(text).map_or(Search::Unknown, |nfa| search(&nfa, &Walk::nowhere()))
}

/// ASCII text that every match of the expression `text` begins with; not always the longest.
pub(super) fn literal_start(text: &str) -> String {
    let mut start = String::new();
    let Some(nfa) = compile(text) else {
        return start;
    };
    let mut states = vec![nfa.start_anchored()];
    while start.len() < 64 {
        let Some((byte, next)) = only_byte(&nfa, states) else {
            break;
        };
        start.push(char::from(byte));
        states = next;
    }
    start
}

fn compile(text: &str) -> Option<NFA> {
    let config = Config::new().nfa_size_limit(Some(SIZE_LIMIT)).which_captures(WhichCaptures::None);
    Compiler::new().configure(config).build(text).ok()
}

/// A normalised path that the automaton matches and `walk` does not: breadth first over both at once.
fn search(nfa: &NFA, walk: &Walk<'_>) -> Search {
    let start = (nfa.start_anchored(), Cursor::START);
    let mut seen = HashSet::from([start]);
    // Each with the one that it was reached from, and by which byte.
    let mut reached = vec![(start, 0, None)];
    let mut at = 0;
    while let Some(&((state, cursor), ..)) = reached.get(at) {
        if matches!(nfa.state(state), State::Match { .. }) && cursor.is_path() && !walk.accepts(cursor) {
            return Search::Path(spell(&reached, at));
        }
        for step in steps(nfa.state(state)) {
            let nexts: Vec<_> = match step {
                Step::Free(next) => vec![((next, cursor), None)],
                Step::Bytes(first, last, next) => {
                    walk.step(cursor, first..=last).map(|(byte, cursor)| ((next, cursor), Some(byte))).collect()
                }
            };
            for (next, byte) in nexts {
                if seen.insert(next) {
                    reached.push((next, at, byte));
                }
            }
        }
        if seen.len() > MAX_STATES {
            return Search::Unknown;
        }
        at += 1;
    }
    Search::Nothing
}

/// The bytes that led to `reached[at]`; the first entry leads to itself.
fn spell<N>(reached: &[(N, usize, Option<u8>)], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while at > 0 {
        let (_, from, byte) = reached[at];
        bytes.extend(byte.map(char::from));
        at = from;
    }
    bytes.into_iter().rev().collect()
}

/// The one ASCII byte that leads on from `states`, if there is just one and no match before it, and where it leads.
fn only_byte(nfa: &NFA, mut states: Vec<StateID>) -> Option<(u8, Vec<StateID>)> {
    let mut only = None;
    let mut next = Vec::new();
    let mut seen: HashSet<_> = states.iter().copied().collect();
    while let Some(state) = states.pop() {
        if matches!(nfa.state(state), State::Match { .. }) {
            return None;
        }
        for step in steps(nfa.state(state)) {
            match step {
                Step::Free(to) if seen.insert(to) => states.push(to),
                Step::Free(_) => {}
                Step::Bytes(first, last, to) => {
                    if first != last || !first.is_ascii() || only.is_some_and(|only| only != first) {
                        return None;
                    }
                    only = Some(first);
                    next.push(to);
                }
            }
        }
    }
    only.map(|byte| (byte, next))
}

/// One way on from a state.
enum Step {
    /// Without reading.
    Free(StateID),
    /// By any byte from the first to the second.
    Bytes(u8, u8, StateID),
}

fn steps(state: &State) -> Vec<Step> {
    match state {
        State::ByteRange { trans } => vec![Step::Bytes(trans.start, trans.end, trans.next)],
        State::Sparse(sparse) => {
            sparse.transitions.iter().map(|trans| Step::Bytes(trans.start, trans.end, trans.next)).collect()
        }
        State::Dense(dense) => (0..=u8::MAX)
            .filter_map(|byte| dense.matches_byte(byte).map(|next| Step::Bytes(byte, byte, next)))
            .collect(),
        State::Look { next, .. } | State::Capture { next, .. } => vec![Step::Free(*next)],
        State::Union { alternates } => alternates.iter().copied().map(Step::Free).collect(),
        State::BinaryUnion { alt1, alt2 } => vec![Step::Free(*alt1), Step::Free(*alt2)],
        State::Fail | State::Match { .. } => Vec::new(),
    }
}
