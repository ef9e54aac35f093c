use proptest::prelude::*;
use smallvec::SmallVec;

use super::{Slot, Trie, segment_end};
use crate::route::RoutePattern;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_segment_ends_at_the_next_slash(path in "[./0a\\x7f]{0,40}", start in 0_usize..40) {
        let start = start.min(path.len());
        let expected = path[start..].find('/').map_or(path.len(), |end| start + end);
        prop_assert_eq!(segment_end(path.as_bytes(), start), expected);
    }

    /// Segments of every length, alike in all but a little: each is found, and no other.
    #[test]
    fn each_literal_is_itself(texts in prop::collection::btree_set("[ab]{1,20}", 1..40), other in "[ab]{1,20}") {
        let mut trie = Trie::default();
        for (index, text) in texts.iter().enumerate() {
            let pattern = RoutePattern::parse(&format!("/{text}")).unwrap();
            trie.insert(pattern.path.segments(), false, Slot::new(&(index..index + 1)));
        }
        for text in texts.iter().chain([&other]) {
            let mut slots = SmallVec::new();
            trie.collect(&format!("/{text}/x"), &mut slots);
            let found: Vec<_> = slots.iter().map(|slot| slot.range().start).collect();
            let expected: Vec<_> = texts.iter().position(|known| known == text).into_iter().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
