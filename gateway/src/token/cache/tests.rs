//! What is remembered, for how long, and what it takes.
use super::{super::MAX_TOKEN, *};

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
    assert_eq!(found.scopes, [Box::<str>::from("x")]);
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

/// What a full cache of these has asked the allocator for, in bytes.
fn allocated(token: usize, lines: usize, scopes: usize) -> usize {
    let mut cache = Cache::new(8192);
    for at in 0..8192 {
        let token = format!("{at:0token$}");
        let identity = Identity { lines: vec![b'x'; lines].into(), ..with_scopes(scopes) };
        cache.insert(cache.key(token.as_bytes()), token.as_bytes(), known(identity));
    }
    assert_eq!((cache.slots.len(), cache.index.len()), (8192, 8192));
    // The standard library's map has a power of two of places, one in eight of them free, and a byte beside each.
    let index = (cache.index.capacity() * 8 / 7).next_power_of_two() * (size_of::<(u64, usize)>() + 1);
    let each = |slot: &Slot| {
        let identity = &slot.known.identity;
        let scopes: usize = identity.scopes.iter().map(|scope| scope.len() + size_of::<Box<str>>()).sum();
        let counts = 2 * size_of::<usize>();
        slot.token.len() + counts + size_of::<Identity>() + identity.lines.len() + scopes
    };
    index + cache.slots.capacity() * size_of::<Slot>() + cache.slots.iter().map(each).sum::<usize>()
}

/// What the documentation of [`Cache`] says that it takes.
#[test]
fn memory_is_what_it_is_said_to_be() {
    let (usual, most) = (allocated(450, 130, 2), allocated(MAX_TOKEN, MAX_TOKEN * 3 / 4, MAX_SCOPES));
    assert_eq!((usual >> 20, most >> 20), (6, 121), "{usual} {most}");
}
