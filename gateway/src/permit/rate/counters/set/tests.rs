use governor::nanos::Nanos;

use super::{FIRST, MORE, Set, tag};

const ENTRIES: usize = FIRST + MORE;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_000 * SECOND;

/// Counts a request that would leave the caller with `used` of its `whole`.
fn visit(set: &Set, caller: u64, whole: u64, used: u64) {
    let decide = |_: Option<Nanos>| Ok::<_, ()>(((), Nanos::from(NOW + used)));
    assert_eq!(set.measure(tag(caller << 20, whole), NOW, decide), (Ok(()), NOW + used));
}

/// What is known of a caller.
fn known(set: &Set, caller: u64, whole: u64, now: u64) -> Option<u64> {
    let peek = |arrival: Option<Nanos>| Err::<((), Nanos), _>(arrival.map(|arrival| arrival.as_u64() - NOW));
    set.measure(tag(caller << 20, whole), now, peek).0.unwrap_err()
}

#[test]
fn a_tag_keeps_the_hash_and_roughly_the_size() {
    for whole in [1, 2, 15, 16, 999, 60 * SECOND, 720 * 3600 * SECOND, u64::MAX] {
        let size = tag(0, whole);
        let expected = u128::from(whole.ilog2()) << 4 | (u128::from(whole) << 4 >> whole.ilog2() & 15);
        assert_eq!(u128::from(size), expected.max(1), "{whole}");
        assert_eq!(tag(u64::MAX, whole), u64::MAX << 10 | size);
        assert_ne!(size, 0, "0 is an entry that was never used");
    }
}

#[test]
fn whoever_has_used_least_makes_room() {
    let set = Set::default();
    for caller in 1..=ENTRIES as u64 {
        visit(&set, caller, 60 * SECOND, (caller + 1) * SECOND);
    }
    visit(&set, 100, 60 * SECOND, 10 * SECOND);
    for caller in 2..=ENTRIES as u64 {
        assert_eq!(known(&set, caller, 60 * SECOND, NOW), Some((caller + 1) * SECOND));
    }
    assert_eq!(known(&set, 100, 60 * SECOND, NOW), Some(10 * SECOND));
}

#[test]
fn whoever_is_over_makes_room_first() {
    let set = Set::default();
    for caller in 1..=ENTRIES as u64 {
        visit(&set, caller, 60 * SECOND, 10 * SECOND - caller % 2 * 9 * SECOND);
    }
    let later = NOW + 2 * SECOND;
    let decide = |_: Option<Nanos>| Ok::<_, ()>(((), Nanos::from(later + 1)));
    set.measure(tag(100 << 20, 60 * SECOND), later, decide).0.unwrap();
    assert_eq!(known(&set, 2, 60 * SECOND, later), Some(10 * SECOND));
    assert_eq!((set.live(NOW), set.live(later), set.live(NOW + 20 * SECOND)), (ENTRIES, 8, 0));
}

#[test]
fn a_newcomer_begins_where_the_one_that_makes_room_was() {
    let set = Set::default();
    let (minute, hour) = (60 * SECOND, 3600 * SECOND);
    for caller in 1..=ENTRIES as u64 {
        visit(&set, caller, minute, minute - caller * SECOND);
    }
    let least = minute - ENTRIES as u64 * SECOND;
    assert_eq!(known(&set, 100, minute, NOW), Some(least), "the same part of the same limit");
    let part = known(&set, 100, hour, NOW).unwrap();
    let expected = least * 60;
    assert!((expected * 9 / 10..expected * 11 / 10).contains(&part), "the same part of a larger limit: {part}");
    assert!((1..=ENTRIES as u64).all(|caller| known(&set, caller, minute, NOW) == Some(minute - caller * SECOND)));
    // Whoever made room comes back with no less than it had.
    visit(&set, 100, minute, least + SECOND);
    assert_eq!(known(&set, ENTRIES as u64, minute, NOW), Some(least + SECOND));
}

/// Of a limit of a second that is used up, less time is missing than of an hour's limit of which a hundredth is used.
#[test]
fn callers_of_different_limits_are_compared_by_their_part_of_it() {
    let (short, long) = (SECOND, 3600 * SECOND);
    let set = Set::default();
    visit(&set, 1, short, short);
    for caller in 2..=10 * ENTRIES as u64 {
        visit(&set, caller, long, long / 100);
    }
    assert_eq!(known(&set, 1, short, NOW), Some(short));
}
