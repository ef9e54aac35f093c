use std::ops::Range;

use smallvec::SmallVec;

/// Which bytes of a path a pattern's `{name}`s, or an expression's groups, took.
///
/// Places, not text, so that a match allocates nothing: the path that was matched is given again to read them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params {
    /// Bytes of the path that the whole pattern covers.
    pub(super) matched: usize,
    pub(super) places: SmallVec<[(u32, u32); 4]>,
}

impl Params {
    /// The text that parameter `index` (from 0, in the pattern's order) took of `path`, the path that was matched.
    /// Empty for a group that took no part in the match and for an index that the pattern does not have.
    pub fn get<'p>(&self, index: usize, path: &'p str) -> &'p str {
        let range = self.places.get(index).map(|&(start, end)| start as usize..end as usize);
        range.and_then(|range| path.get(range)).unwrap_or_default()
    }

    /// Places beyond 4 GiB do not exist: a request target is bounded long before.
    pub(super) fn push(&mut self, place: &Range<usize>) {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.places.push((narrow(place.start), narrow(place.end)));
    }
}
