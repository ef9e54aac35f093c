//! A path of segments as an automaton, so that it can be walked beside an expression's.
use std::ops::RangeInclusive;

use crate::route::pattern::Segment;

/// The automaton of an exact path or a prefix.
pub(super) struct Walk<'s> {
    segments: &'s [Segment],
    is_exact: bool,
}

/// How far a path was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    /// The byte before was a slash; none: there was no byte. Slashes of a normalised path are not repeated.
    after_slash: Option<bool>,
    place: Place,
}

/// How far a path was read, in terms of the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// So many bytes of this segment; 1 stands for any number in a `{name}`.
    In { segment: usize, read: usize },
    /// Whatever follows is matched.
    Covered,
    /// Whatever follows is not.
    Lost,
}

impl Cursor {
    pub(super) const START: Self = Self { after_slash: None, place: Place::Lost };

    /// Whether what was read is a whole path.
    pub(super) fn is_path(self) -> bool {
        self.after_slash.is_some()
    }
}

impl<'s> Walk<'s> {
    pub(super) fn new(segments: &'s [Segment], is_exact: bool) -> Self {
        Self { segments, is_exact }
    }

    /// Accepts nothing.
    pub(super) fn nowhere() -> Self {
        Self::new(&[], true)
    }

    pub(super) fn accepts(&self, cursor: Cursor) -> bool {
        match cursor.place {
            Place::In { segment, read } => segment + 1 == self.segments.len() && self.is_whole(segment, read),
            Place::Covered => true,
            Place::Lost => false,
        }
    }

    /// Where bytes of a range lead, as far as a path can hold them. Of those that lead to the same place, one is tried.
    pub(super) fn step(&self, cursor: Cursor, bytes: RangeInclusive<u8>) -> impl Iterator<Item = (u8, Cursor)> {
        let expected = self.expected(cursor.place);
        let may_be_slash = cursor.after_slash != Some(true);
        let slash = (may_be_slash && bytes.contains(&b'/')).then_some(b'/');
        let inside = cursor.after_slash.is_some();
        let expected = expected.filter(|byte| inside && bytes.contains(byte));
        let is_other = |byte: &u8| is_inner(*byte) && Some(*byte) != expected;
        let other = bytes.clone().find(is_other).filter(|_| inside);
        let all = [other, expected, slash].into_iter().flatten();
        all.map(move |byte| {
            let place = self.next(cursor, byte);
            (byte, Cursor { after_slash: Some(byte == b'/'), place })
        })
    }

    fn next(&self, cursor: Cursor, byte: u8) -> Place {
        let after = |segment| match segment {
            _ if segment < self.segments.len() => Place::In { segment, read: 0 },
            _ if self.is_exact => Place::Lost,
            _ => Place::Covered,
        };
        match cursor.place {
            _ if cursor.after_slash.is_none() => after(0),
            Place::In { segment, read } if byte == b'/' => {
                if self.is_whole(segment, read) {
                    after(segment + 1)
                } else {
                    Place::Lost
                }
            }
            Place::In { segment, read } => match &self.segments[segment] {
                Segment::Literal(text) if text.as_bytes().get(read) == Some(&byte) => {
                    Place::In { segment, read: read + 1 }
                }
                Segment::Literal(_) => Place::Lost,
                Segment::Name(_) => Place::In { segment, read: 1 },
            },
            end => end,
        }
    }

    /// The byte that a literal segment goes on with.
    fn expected(&self, place: Place) -> Option<u8> {
        match place {
            Place::In { segment, read } => match &self.segments[segment] {
                Segment::Literal(text) => text.as_bytes().get(read).copied(),
                Segment::Name(_) => None,
            },
            Place::Covered | Place::Lost => None,
        }
    }

    fn is_whole(&self, segment: usize, read: usize) -> bool {
        match &self.segments[segment] {
            Segment::Literal(text) => text.len() == read,
            Segment::Name(_) => read > 0,
        }
    }
}

/// Whether a segment of a normalised path can hold this byte.
fn is_inner(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"/?#\\".contains(&byte)
}
