//! What is remembered, for how long, and what it takes.
use super::*;

fn known(identity: Identity) -> Known {
    Known { issuer: 3, generation: 7, expires: 1000, identity: Rc::new(identity) }
}

fn with_scopes(count: usize) -> Identity {
    Identity { scopes: vec!["x".into(); count], ..Identity::default() }
}

fn insert(cache: &mut Cache, token: &str) {
    cache.insert(cache.key(token.as_bytes()), token.as_bytes(), known(Identity::default()));
}

fn has(cache: &mut Cache, token: &str) -> bool {
    cache.get(cache.key(token.as_bytes()), token.as_bytes(), 0, |_| 7).is_some()
}

#[test]
fn a_token_is_known_until_it_expires_or_its_keys_change() {
    let mut cache = Cache::new(4);
    let key = cache.key(b"a");
    assert!(cache.get(key, b"a", 0, |_| 7).is_none());
    cache.insert(key, b"a", known(with_scopes(1)));
    let found = cache.get(key, b"a", 999, |issuer| if issuer == 3 { 7 } else { 0 }).unwrap();
    assert_eq!(found.scopes, ["x".into()]);
    assert!(cache.get(key, b"a", 1000, |_| 7).is_none());
    assert!(cache.get(key, b"a", 999, |_| 8).is_none());
    assert!(!has(&mut cache, "b"));
}

/// As if somebody had found two texts of one hash.
#[test]
fn a_hash_alone_opens_nothing() {
    let mut cache = Cache::new(4);
    let key = cache.key(b"good");
    cache.insert(key, b"good", known(with_scopes(1)));
    for forged in [&b"evil"[..], b"", b"goo", b"good."] {
        assert!(cache.get(key, forged, 0, |_| 7).is_none());
    }
    cache.insert(key, b"other", known(with_scopes(2)));
    assert_eq!(cache.get(key, b"other", 0, |_| 7).unwrap().scopes.len(), 2);
    assert!(cache.get(key, b"good", 0, |_| 7).is_none());
    assert_eq!((cache.slots.len(), cache.index.len()), (1, 1));
}

#[test]
fn it_is_bounded_and_forgets_what_is_not_used() {
    let mut cache = Cache::new(100);
    insert(&mut cache, "used");
    for at in 0..10_000 {
        assert!(has(&mut cache, "used"), "{at}");
        insert(&mut cache, &at.to_string());
    }
    assert_eq!((cache.slots.len(), cache.index.len()), (100, 100));
    assert!(has(&mut cache, "9999") && !has(&mut cache, "0"));
}

#[test]
fn an_identity_that_takes_much_memory_is_not_kept() {
    let mut cache = Cache::new(4);
    for (token, scopes, kept) in [("a", MAX_SCOPES, true), ("b", MAX_SCOPES + 1, false)] {
        cache.insert(cache.key(token.as_bytes()), token.as_bytes(), known(with_scopes(scopes)));
        assert_eq!(has(&mut cache, token), kept);
    }
}

#[test]
fn each_process_hashes_in_its_own_way() {
    assert_ne!(Cache::new(1).key(b"a"), Cache::new(1).key(b"a"));
}

#[test]
fn nothing_shows_a_token() {
    let mut cache = Cache::new(1);
    insert(&mut cache, "secret");
    let bytes = format!("{:?}", b"secret");
    let shown = format!("{cache:?}");
    assert!(!shown.contains("secret") && !shown.contains(&bytes), "{shown}");
}
