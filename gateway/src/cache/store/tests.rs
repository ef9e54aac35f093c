use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proptest::prelude::*;

use super::*;
use crate::cache::policy::Life;

const LIFE: Life = Life { at: 0, age: 0, fresh: 60, while_revalidate: 0, if_error: 0 };

fn key(text: &str) -> Key {
    text.as_bytes().into()
}

/// An answer to a request of this language, by this route.
fn entry(route: u64, language: &'static str, body: usize) -> (Seen, Entry) {
    let request = Seen::new(format!("accept-language: {language}\r\n").as_bytes(), false);
    let fields: HeaderMap = [(header::VARY, HeaderValue::from_static("Accept-Language"))].into_iter().collect();
    let chosen_by = request.selection(&fields);
    let body = Bytes::from(vec![0; body]);
    (request, Entry { route, status: StatusCode::OK, fields, body, life: LIFE, chosen_by })
}

#[test]
fn an_answer_is_for_who_asks_alike() {
    let store = Store::new(1 << 20);
    let (german, first) = entry(1, "de", 1);
    let (english, second) = entry(1, "en", 2);
    store.put(&key("/a"), first);
    store.put(&key("/a"), second);
    let found = |route: u64, request: &Seen| store.find(&key("/a"), route, request).map(|entry| entry.body.len());
    assert_eq!((found(1, &german), found(1, &english)), (Some(1), Some(2)));
    assert_eq!((found(2, &german), found(1, &Seen::default())), (None, None));
    store.put(&key("/a"), entry(1, "de", 3).1);
    assert_eq!((found(1, &german), found(1, &english)), (Some(3), Some(2)));
    store.put(&key("/a"), entry(2, "de", 4).1);
    assert_eq!((found(1, &german), found(2, &german)), (None, Some(4)), "of other rules, it is in the way");
    store.forget(&key("/a"));
    assert_eq!((found(2, &german), store.size()), (None, (0, 0)));
}

proptest! {
    #[test]
    fn the_bound_holds_whatever_comes(steps in proptest::collection::vec((0..40u32, 0..4000usize, 0..4u8), 1..200)) {
        let store = Store::new(16 * 10_000);
        for (name, body, what) in steps {
            let key = key(&name.to_string());
            match what {
                0 => store.forget(&key),
                1 => store.pass(&key, 0),
                _ => store.put(&key, entry(1, ["de", "en"][body % 2], body).1),
            }
            let (bytes, _) = store.size();
            prop_assert!(bytes <= 16 * 10_000);
            for shard in &store.shards {
                let shard = lock(shard);
                prop_assert_eq!(shard.order.len(), shard.slots.len());
                prop_assert_eq!(shard.bytes, shard.slots.iter().map(|(key, slot)| slot.size(key)).sum::<usize>());
            }
        }
        store.resize(0);
        prop_assert_eq!(store.size(), (0, 0));
    }
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let store = Store::new(16 * 4_000);
    let keys: Vec<Key> = (0..1000).map(|n| key(&n.to_string())).collect();
    // Three of one shard.
    let at = |key: &Key| store.shards.iter().position(|shard| std::ptr::eq(shard, store.lock_of(key))).unwrap();
    let three: Vec<&Key> = keys.iter().filter(|one| at(one) == at(&keys[0])).take(3).collect();
    let (request, _) = entry(1, "de", 0);
    let is_there = |key: &Key| store.find(key, 1, &request).is_some();
    store.put(three[0], entry(1, "de", 1_000).1);
    store.put(three[1], entry(1, "de", 1_000).1);
    assert!(is_there(three[0]), "which makes the other the older one");
    store.put(three[2], entry(1, "de", 1_000).1);
    assert_eq!(three.iter().map(|key| is_there(key)).collect::<Vec<_>>(), [true, false, true]);
    store.put(three[0], entry(1, "de", 5_000).1);
    assert!(is_there(three[0]), "one that is too long for all of it changes nothing");
}
