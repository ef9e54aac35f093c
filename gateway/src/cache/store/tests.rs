use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proptest::prelude::*;

use super::*;
use crate::cache::policy::Life;

const LIFE: Life = Life { at: 0, age: 0, fresh: 60, while_revalidate: 0, if_error: 0 };

fn key(text: &str) -> Key {
    text.as_bytes().into()
}

/// Stores it, whatever was changed before.
fn put(store: &Store, key: &Key, entry: Entry) {
    store.put(key, entry, store.generation(key));
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
    put(&store, &key("/a"), first);
    put(&store, &key("/a"), second);
    let found = |route: u64, request: &Seen| store.find(&key("/a"), route, request).map(|entry| entry.body.len());
    assert_eq!((found(1, &german), found(1, &english)), (Some(1), Some(2)));
    assert_eq!((found(2, &german), found(1, &Seen::default())), (None, None));
    put(&store, &key("/a"), entry(1, "de", 3).1);
    assert_eq!((found(1, &german), found(1, &english)), (Some(3), Some(2)));
    put(&store, &key("/a"), entry(2, "de", 4).1);
    assert_eq!((found(1, &german), found(2, &german)), (None, Some(4)), "of other rules, it is in the way");
    store.forget(&key("/a"));
    assert_eq!((found(2, &german), store.size()), (None, (0, 0)));
}

proptest! {
    #[test]
    fn the_bound_holds_whatever_comes(steps in proptest::collection::vec((0..40u32, 0..4000usize, 0..4u8), 1..200)) {
        let store = Store::new(10_000);
        for (name, body, what) in steps {
            let key = key(&name.to_string());
            match what {
                0 => store.forget(&key),
                1 => store.pass(&key, 0),
                2 => store.remove(&key, &entry(1, ["de", "en"][body % 2], 0).1),
                _ => put(&store, &key, entry(1, ["de", "en"][body % 2], body).1),
            }
            let (bytes, _) = store.size();
            prop_assert!(bytes <= 10_000);
            let mut sum = 0;
            for shard in &store.shards {
                let shard = lock(shard);
                prop_assert_eq!(shard.order.len(), shard.slots.len());
                sum += shard.slots.iter().map(|(key, slot)| slot.size(key)).sum::<usize>();
            }
            prop_assert_eq!(bytes, sum);
        }
        store.resize(0);
        prop_assert_eq!(store.size(), (0, 0));
    }
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let store = Store::new(4_000);
    // Of different shards, most likely.
    let three = ["/a", "/b", "/c"].map(key);
    let (request, _) = entry(1, "de", 0);
    let is_there = |key: &Key| store.find(key, 1, &request).is_some();
    put(&store, &three[0], entry(1, "de", 1_000).1);
    put(&store, &three[1], entry(1, "de", 1_000).1);
    assert!(is_there(&three[0]), "which makes the other the older one");
    put(&store, &three[2], entry(1, "de", 1_000).1);
    assert_eq!(three.each_ref().map(is_there), [true, false, true]);
    put(&store, &three[0], entry(1, "de", 5_000).1);
    assert!(is_there(&three[0]), "one that is too long for all of it changes nothing");
    put(&store, &three[0], entry(1, "de", 3_000).1);
    assert_eq!(three.each_ref().map(is_there), [true, false, false], "one may take all of it");
}

#[test]
fn what_was_fetched_before_a_change_is_not_stored_after_it() {
    let store = Store::new(10_000);
    let (request, answer) = entry(1, "de", 1);
    let before = store.generation(&key("/a"));
    store.forget(&key("/a"));
    assert!(!store.put(&key("/a"), answer.clone(), before) && store.find(&key("/a"), 1, &request).is_none());
    assert!(store.put(&key("/a"), answer, before + 1) && store.find(&key("/a"), 1, &request).is_some());
}

/// An older answer, of a leader that was left behind, does not take the place of a newer one.
#[test]
fn what_came_later_stays() {
    let store = Store::new(10_000);
    let (request, old) = entry(1, "de", 1);
    let new = Entry { life: Life { at: 5, ..LIFE }, ..entry(1, "de", 2).1 };
    put(&store, &key("/a"), new);
    put(&store, &key("/a"), old);
    assert_eq!(store.find(&key("/a"), 1, &request).unwrap().body.len(), 2);
}
