//! The limit as a whole, without a server: what is let through, when, and what no number of callers can change.
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{Caller, Counters, Limiter, Outcome, Quota, Rate, only_value, policy, whole_seconds};
use crate::{config::LimitKey, exchange::Standing};

const MINUTE: Duration = Duration::from_mins(1);

fn quota(requests: u32, per: Duration, burst: u32) -> Quota {
    Quota { requests, per, burst }
}

fn limiter(requests: u32, per: Duration, burst: u32) -> Limiter {
    Limiter::new("test", quota(requests, per, burst), &Counters::new())
}

fn address(text: &str) -> Caller<'static> {
    Caller::Address(text.parse().unwrap())
}

fn number(number: u32) -> Caller<'static> {
    Caller::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

#[test]
fn a_burst_is_let_through_and_comes_back_one_by_one() {
    let limiter = limiter(100, MINUTE, 100);
    let start = Instant::now();
    let ask = |millis: u64| {
        let outcome = limiter.count(address("192.0.2.1"), start + Duration::from_millis(millis));
        (outcome.is_allowed, outcome.remaining, outcome.until_next.as_millis())
    };
    for request in 1..=100 {
        assert_eq!(ask(0), (true, 100 - request, 600));
    }
    assert_eq!(ask(0), (false, 0, 600));
    assert_eq!(ask(599), (false, 0, 1));
    assert_eq!(ask(600), (true, 0, 600), "to the millisecond");
    assert_eq!(ask(600), (false, 0, 600));
    assert_eq!(ask(600 + 1500), (true, 1, 300), "what was refused cost nothing");
    assert_eq!(ask(1_000_000), (true, 99, 600), "never more than the burst");
}

/// CASES 31: a window that is counted anew would let two bursts through around its edge.
#[test]
fn there_is_no_edge_with_two_bursts() {
    for offset in [0, 1, 30_000, 59_999, 60_000, 61_000] {
        let limiter = limiter(10, MINUTE, 10);
        let edge = Instant::now() + Duration::from_millis(offset);
        let before = (0..20).filter(|_| limiter.count(number(1), edge).is_allowed).count();
        let after = edge + Duration::from_millis(2);
        let after = (0..20).filter(|_| limiter.count(number(1), after).is_allowed).count();
        assert_eq!((before, after), (10, 0), "{offset}");
    }
}

#[test]
fn who_waits_as_told_is_let_through() {
    for (requests, per, burst) in
        [(100, 60_000, 100), (7, 1000, 3), (1, 86_400_000, 1), (1_000_000, 1, 5), (3, 1500, 1)]
    {
        let limiter = limiter(requests, Duration::from_millis(per), burst);
        let mut now = Instant::now();
        for _ in 0..5 {
            let refused = loop {
                let outcome = limiter.count(number(1), now);
                if !outcome.is_allowed {
                    break outcome;
                }
            };
            let early = refused.until_next.saturating_sub(Duration::from_nanos(1));
            assert!(!limiter.count(number(1), now + early).is_allowed);
            now += refused.until_next;
            assert!(limiter.count(number(1), now).is_allowed, "{requests} in {per} ms, {burst}");
            let told = whole_seconds(refused.until_next).max(1);
            now += Duration::from_secs(told.into());
            assert!(limiter.count(number(1), now).is_allowed);
        }
    }
}

#[test]
fn callers_are_told_apart_by_what_identifies_them() {
    let same = |a: Caller<'_>, b: Caller<'_>| {
        let limiter = limiter(1, MINUTE, 1);
        let now = Instant::now();
        assert!(limiter.count(a, now).is_allowed);
        !limiter.count(b, now).is_allowed
    };
    for (a, b, expected) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ("::ffff:192.0.2.1", "192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
    ] {
        assert_eq!(same(address(a), address(b)), expected, "{a} {b}");
    }
    assert!(same(Caller::Value(b"a"), Caller::Value(b"a")));
    assert!(!same(Caller::Value(b"a"), Caller::Value(b"b")));
    assert!(!same(Caller::Value(&[192, 0, 2, 1]), address("192.0.2.1")), "no value stands for an address");
    assert!(!same(Caller::Value(&[b'x'; 10_000]), Caller::Value(&[b'x'; 9_999])));
}

#[test]
fn limits_of_one_identity_count_together() {
    let counters = Counters::new();
    let limit = |name, requests| Limiter::new(name, quota(requests, MINUTE, 1), &counters);
    let now = Instant::now();
    let ask = |limiter: &Limiter| limiter.count(number(1), now).is_allowed;
    assert!(ask(&limit("service a", 1)));
    assert!(!ask(&limit("service a", 1)));
    assert!(ask(&limit("service b", 1)));
    assert!(ask(&limit("service a", 2)), "another quota is another limit");
    assert_eq!(counters.live(now), 3);
    assert_eq!(counters.live(now + MINUTE), 0);
}

#[test]
fn threads_together_get_exactly_the_burst() {
    for _ in 0..50 {
        let limiter = Arc::new(limiter(1000, MINUTE, 1000));
        let (now, barrier) = (Instant::now(), Arc::new(Barrier::new(4)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (limiter, barrier) = (Arc::clone(&limiter), Arc::clone(&barrier));
                thread::spawn(move || {
                    barrier.wait();
                    (0..500).filter(|_| limiter.count(number(1), now).is_allowed).count()
                })
            })
            .collect();
        assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 1000);
    }
}

/// What an attacker without end of addresses can do: nothing to a caller that is at its limit, and nothing to memory.
#[test]
fn fresh_callers_without_end_push_out_no_one_at_its_limit() {
    let counters = Counters::new();
    let limiter = Limiter::new("global", quota(100, MINUTE, 100), &counters);
    let login = Limiter::new("login", quota(5, Duration::from_secs(1), 5), &counters);
    let now = Instant::now();
    let empty = counters.allocated();
    assert!(empty < 256 << 10, "{empty}");
    let victims: Vec<Caller<'_>> =
        (0..100).map(|n| Caller::Address(Ipv6Addr::from_bits((0xfd << 120) + (n << 64)).into())).collect();
    for &victim in &victims {
        while limiter.count(victim, now).is_allowed {}
        while login.count(victim, now).is_allowed {}
    }
    assert!(counters.allocated() - empty <= 200 * 4096, "memory comes with the callers");
    let mut attackers = 0;
    for until in [1_000_000, 2_300_000] {
        for attacker in attackers..until {
            limiter.count(number(attacker), now);
        }
        attackers = until;
        for &victim in &victims {
            assert!(!limiter.count(victim, now).is_allowed, "after {attackers} others");
            assert!(!login.count(victim, now).is_allowed, "after {attackers} others, of a shorter limit");
        }
        assert!(counters.allocated() <= 33 << 20, "{}", counters.allocated());
        if attackers == 1_000_000 {
            let lost = attackers as usize - counters.live(now);
            assert!(lost < 2_000, "{lost} of a million are not counted");
        }
    }
}

/// The algorithm as a textbook has it, with a map that has no bound.
struct Oracle {
    interval: u128,
    burst: u128,
    arrivals: HashMap<u8, u128>,
}

impl Oracle {
    fn count(&mut self, caller: u8, now: u128) -> Outcome {
        let whole = self.interval * self.burst;
        let arrival = self.arrivals.entry(caller).or_default();
        let next = now.max(*arrival) + self.interval;
        let is_allowed = next <= now + whole;
        if is_allowed {
            *arrival = next;
        }
        let left = (now + whole).saturating_sub(*arrival);
        let until_next = self.interval - left % self.interval;
        Outcome {
            is_allowed,
            remaining: u32::try_from(left / self.interval).unwrap(),
            until_next: Duration::from_nanos(u64::try_from(until_next).unwrap()),
        }
    }
}

proptest! {
    #[test]
    fn every_outcome_is_the_textbooks(
        requests in 1..200_u32,
        per in 1..5_000_u64,
        burst in 1..50_u32,
        steps in prop::collection::vec((0..20_u8, prop_oneof![Just(0), 0..100_000_000_u64]), 1..400),
    ) {
        let counters = Counters::new();
        let limiter = Limiter::new("test", quota(requests, Duration::from_millis(per), burst), &counters);
        let interval = (u128::from(per) * 1_000_000).div_ceil(requests.into());
        let mut oracle = Oracle { interval, burst: burst.into(), arrivals: HashMap::new() };
        let start = Instant::now() + Duration::from_secs(1);
        // Nanoseconds of the oracle's that are no less than nothing.
        let mut passed = 0;
        for (caller, pause) in steps {
            passed += pause;
            let found = limiter.count(Caller::Value(&[caller]), start + Duration::from_nanos(passed));
            prop_assert_eq!(found, oracle.count(caller, u128::from(passed)));
        }
    }
}

#[test]
fn the_policy_is_told_in_whole_seconds() {
    for (requests, per, expected) in [
        (100, 60_000, "\"default\";q=100;w=60"),
        (5, 1_000, "\"default\";q=5;w=1"),
        (5, 500, "\"default\";q=10;w=1"),
        (3, 1_500, "\"default\";q=4;w=2"),
        (1_000_000, 1, "\"default\";q=1000000000;w=1"),
    ] {
        assert_eq!(policy(quota(requests, Duration::from_millis(per), 1)), expected);
    }
}

#[test]
fn where_a_caller_stands_is_told_in_two_fields() {
    let rate = Rate::new(LimitKey::Address, limiter(100, MINUTE, 100), None);
    let mut out = Vec::new();
    rate.write(Standing { remaining: u32::MAX, reset: 1 }, &mut out);
    let expected = "ratelimit-policy: \"default\";q=100;w=60\r\nratelimit: \"default\";r=4294967295;t=1\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_field_counts_when_it_is_there_once() {
    use http::{HeaderMap, HeaderName, HeaderValue};
    let name = HeaderName::from_static("x-tenant");
    let fields = |values: &[&'static str]| -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    };
    let check = |values: &[&'static str], expected: Option<&str>| {
        assert_eq!(only_value(&fields(values), &name), expected.map(str::as_bytes), "{values:?}");
    };
    check(&["a"], Some("a"));
    check(&[], None);
    check(&[""], None);
    check(&["a", "b"], None);
}
