//! The segments of all paths of a host, merged into a tree.
use std::ops::Range;

use smallvec::SmallVec;

use super::{Segment, literals::Literals};

#[cfg(test)]
mod tests;

/// Routes with the same host and path: a part of the table's list. Ordered as the list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    start: u32,
    end: u32,
}

impl Slot {
    pub(super) fn new(range: &Range<usize>) -> Self {
        let narrow = |at: usize| u32::try_from(at).expect("a file with four billion routes does not fit into memory");
        Self { start: narrow(range.start), end: narrow(range.end) }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Finds every slot whose path matches, in time that grows with the path and not with the number of routes; only where
/// literals and `{name}`s stand side by side both branches are walked.
#[derive(Debug)]
pub(super) struct Trie {
    /// The first is the root: nothing read yet.
    nodes: Vec<Node>,
}

/// What has been read leads to one node.
#[derive(Debug, Default)]
struct Node {
    literals: Literals,
    name: Option<u32>,
    /// Matches when nothing follows.
    exact: Option<Slot>,
    /// Matches whatever follows.
    prefix: Option<Slot>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Trie {
    pub(super) fn insert(&mut self, segments: &[Segment], is_exact: bool, slot: Slot) {
        let mut at = 0;
        for segment in segments {
            let fresh = u32::try_from(self.nodes.len()).expect("there is memory for fewer nodes");
            let node = &mut self.nodes[at];
            let child = match segment {
                Segment::Literal(text) => node.literals.get_or_insert(text, fresh),
                Segment::Name(_) => *node.name.get_or_insert(fresh),
            };
            if child == fresh {
                self.nodes.push(Node::default());
            }
            at = child as usize;
        }
        let node = &mut self.nodes[at];
        *(if is_exact { &mut node.exact } else { &mut node.prefix }) = Some(slot);
    }

    /// Adds every slot that matches `path` to `slots`, in no certain order.
    pub(super) fn collect(&self, path: &str, slots: &mut SmallVec<[Slot; 8]>) {
        if let Some(rest) = path.strip_prefix('/') {
            self.walk(0, Some(rest), slots);
        }
    }

    /// `rest` is what follows the last slash that was read; none at the path's end. The recursion is as deep as a
    /// pattern is long, and that is bounded.
    fn walk<'p>(&self, mut at: u32, mut rest: Option<&'p str>, slots: &mut SmallVec<[Slot; 8]>) {
        loop {
            let node = &self.nodes[at as usize];
            slots.extend(node.prefix);
            let Some(text) = rest else {
                slots.extend(node.exact);
                return;
            };
            let end = segment_end(text.as_bytes(), 0);
            let (segment, after): (&str, Option<&'p str>) = (&text[..end], text.get(end + 1..));
            let literal = node.literals.get(segment);
            let name = node.name.filter(|_| !segment.is_empty());
            at = match (literal, name) {
                (Some(literal), Some(name)) => {
                    self.walk(literal, after, slots);
                    name
                }
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => return,
            };
            rest = after;
        }
    }
}

/// Where the segment that begins at `start` ends: at the next slash, or with the path.
pub(super) fn segment_end(path: &[u8], start: usize) -> usize {
    let rest = path.get(start..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let slashes = slashes(u64::from_le_bytes(*word));
        if slashes != 0 {
            return start + index * 8 + slashes.trailing_zeros() as usize / 8;
        }
    }
    let tail_end = tail.iter().position(|&byte| byte == b'/').unwrap_or(tail.len());
    start + words.len() * 8 + tail_end
}

/// The highest bit of the first byte that is a slash, and maybe of some after it: the well-known search for a zero in a
/// word. On segments, a call of memchr costs more than it saves.
fn slashes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let zeros = word ^ u64::from_le_bytes([b'/'; 8]);
    zeros.wrapping_sub(ONES) & !zeros & (ONES << 7)
}
