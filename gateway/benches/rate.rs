//! What counting a request costs, by how many callers are live. `cargo bench -p gateway --bench rate`
use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use divan::{AllocProfiler, Bencher};
use gateway::permit::rate::{Caller, Counters, Limiter, Quota};

/// Shows that a check allocates nothing once its caller is known.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const LIVE: [u32; 4] = [1, 10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// The same caller again and again, let through or refused.
#[divan::bench(args = LIVE, sample_size = 10_000)]
fn hot(bencher: Bencher, live: u32) {
    let (limiter, now) = limiter(live);
    bencher.bench_local(|| limiter.count(black_box(caller(7)), now));
}

/// Every caller in turn, far from the one before, so that none is in the nearest cache.
#[divan::bench(args = LIVE, sample_size = 10_000)]
fn cold(bencher: Bencher, live: u32) {
    let (limiter, now) = limiter(live);
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 7_919) % live;
        limiter.count(black_box(caller(at)), now)
    });
}

/// What this machine, as busy as it is now, takes to read a cache line at random of as many as 100,000 callers are
/// spread over: what [`cold`] has beyond that is the check's own.
#[divan::bench(sample_size = 10_000)]
fn one_line(bencher: Bencher) {
    const LINES: u32 = 1 << 17;
    // Each line names the one to be read after it, so that none is read before its turn: a full cycle (Hull and Dobell
    // 1962), which looks like no order to a cache.
    let next = |line: u32| line.wrapping_mul(0x0001_9665).wrapping_add(0x3c6e_f35f) % LINES;
    let lines: Vec<[u32; 16]> = (0..LINES).map(|line| [next(line); 16]).collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = lines[at as usize][0];
        black_box(at)
    });
}

/// An attacker's: each caller is a new one, and all of the room is taken.
#[divan::bench(sample_size = 10_000)]
fn fresh_without_room(bencher: Bencher) {
    let (limiter, now) = limiter(4_000_000);
    let mut at = 4_000_000;
    bencher.bench_local(|| {
        at += 1;
        limiter.count(black_box(caller(at)), now)
    });
}

/// By a header of 40 bytes instead of an address.
#[divan::bench(sample_size = 10_000)]
fn by_value(bencher: Bencher) {
    let (limiter, now) = limiter(100_000);
    let value = [b'k'; 40];
    bencher.bench_local(|| limiter.count(Caller::Value(black_box(&value)), now));
}

/// Two threads, with the same caller.
#[divan::bench(threads = 2, sample_size = 10_000)]
fn hot_by_two(bencher: Bencher) {
    let (limiter, now) = limiter(100_000);
    bencher.bench(|| limiter.count(black_box(caller(7)), now));
}

/// What the numbers of a scrape cost.
#[divan::bench(args = LIVE, sample_count = 20)]
fn live_callers(bencher: Bencher, live: u32) {
    let counters = Counters::new();
    let now = fill(&counters, live).1;
    bencher.bench_local(|| counters.live(now));
}

fn caller(number: u32) -> Caller<'static> {
    // Not in the order of their numbers.
    Caller::Address(IpAddr::V4(Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b1))))
}

fn limiter(live: u32) -> (Limiter, Instant) {
    fill(&Counters::new(), live)
}

/// A limit with so many callers that have used one request of it.
fn fill(counters: &Arc<Counters>, live: u32) -> (Limiter, Instant) {
    let quota = Quota { requests: 100_000, per: Duration::from_hours(1), burst: 100_000 };
    let limiter = Limiter::new("bench", quota, counters);
    let now = Instant::now();
    for number in 0..live {
        limiter.count(caller(number), now);
    }
    (limiter, now)
}
