//! The literal segments that can follow in one place.
use std::collections::HashMap;

use smallvec::SmallVec;

use super::hash::BuildTextHasher;

/// A segment; short ones, and so most, stand where the table is and not behind a pointer. With ten thousand routes a
/// look-up waits for memory, and for little else.
type Text = SmallVec<[u8; 16]>;

/// Each literal, and the node that it leads to. Most nodes have one or none, and then need no map.
#[derive(Debug, Default)]
pub(super) enum Literals {
    #[default]
    None,
    One(Text, u32),
    Many(HashMap<Text, u32, BuildTextHasher>),
}

impl Literals {
    pub(super) fn get(&self, segment: &str) -> Option<u32> {
        match self {
            Self::None => None,
            Self::One(text, node) => (text.as_slice() == segment.as_bytes()).then_some(*node),
            Self::Many(nodes) => nodes.get(segment.as_bytes()).copied(),
        }
    }

    /// The node that `segment` leads to: `fresh` if there was none.
    pub(super) fn get_or_insert(&mut self, segment: &str, fresh: u32) -> u32 {
        if let Some(node) = self.get(segment) {
            return node;
        }
        let new = (Text::from_slice(segment.as_bytes()), fresh);
        *self = match std::mem::take(self) {
            Self::None => Self::One(new.0, new.1),
            Self::One(text, node) => Self::Many(HashMap::from_iter([(text, node), new])),
            Self::Many(mut nodes) => {
                nodes.insert(new.0, new.1);
                Self::Many(nodes)
            }
        };
        fresh
    }
}
