//! How long a look-up takes, by the size of the table. `cargo bench -p gateway --bench route`
use std::hint::black_box;

use divan::{AllocProfiler, Bencher};
use gateway::{
    path::normalise,
    route::{HostPattern, Query, RoutePattern, RouteTable},
};
use http::{HeaderMap, Method};

/// Shows that a look-up allocates nothing.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 3] = [10, 1_000, 10_000];

fn main() {
    divan::main();
}

/// A literal path, deep in the table.
#[divan::bench(args = SIZES, sample_size = 1_000)]
fn literal(bencher: Bencher, size: usize) {
    find(bencher, &table(size, None), &format!("/api/v1/resource-{}/items", size / 4));
}

/// A path with a `{name}`, beside literals that are tried first.
#[divan::bench(args = SIZES, sample_size = 1_000)]
fn name(bencher: Bencher, size: usize) {
    find(bencher, &table(size, None), &format!("/api/v1/resource-{}/5f3a9c/comments/17", size / 4));
}

/// A path that no route has, but for its first segments.
#[divan::bench(args = SIZES, sample_size = 1_000)]
fn miss(bencher: Bencher, size: usize) {
    find(bencher, &table(size, None), "/api/v1/resource-unknown/items");
}

/// As `literal`, where every route has a host.
#[divan::bench(args = SIZES, sample_size = 1_000)]
fn literal_with_host(bencher: Bencher, size: usize) {
    find(bencher, &table(size, Some("api.example.com")), &format!("/api/v1/resource-{}/items", size / 4));
}

/// Every route in turn, far from the one before, so that the table is not in the nearest cache.
#[divan::bench(args = SIZES, sample_size = 1_000)]
fn anywhere(bencher: Bencher, size: usize) {
    let table = table(size, None);
    let paths: Vec<_> = table.in_match_order().map(|(pattern, _)| pattern.text.replace(['{', '}', '$'], "")).collect();
    let headers = HeaderMap::new();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 7_919) % paths.len();
        let query = query(&paths[at], &headers);
        table.find(black_box(&query)).is_ok()
    });
}

/// The shipped file's kind of table: a few prefixes of one segment.
#[divan::bench(sample_size = 1_000)]
fn five_services(bencher: Bencher) {
    let prefixes = ["/users", "/auth", "/tasks", "/categories", "/notifications", "/api/v1/available"];
    let routes = prefixes.map(|prefix| (RoutePattern::parse(prefix).expect("sound"), 0));
    find(bencher, &RouteTable::build(routes.into()).expect("no conflict"), "/users/5f3a9c");
}

/// From patterns to a table, conflicts looked for: a part of every reload.
#[divan::bench(args = SIZES, sample_count = 20)]
fn build(bencher: Bencher, size: usize) {
    bencher.with_inputs(|| patterns(size, None)).bench_values(RouteTable::build);
}

/// One that needs nothing, one with an escape that stays, and one that needs everything.
const PATHS: [&str; 3] = ["/api/v1/resource-1/items/5f3a9c", "/a%20b/c", "//api/./v1/%72esource/../items"];

/// A path into its one form.
#[divan::bench(sample_size = 1_000, args = PATHS)]
fn normal(path: &str) -> usize {
    normalise(black_box(path)).expect("sound").len()
}

fn find(bencher: Bencher, table: &RouteTable<usize>, path: &str) {
    let headers = HeaderMap::new();
    let query = query(path, &headers);
    bencher.bench(|| table.find(black_box(&query)).is_ok());
}

fn query<'q>(path: &'q str, headers: &'q HeaderMap) -> Query<'q> {
    Query { method: &Method::GET, host: "api.example.com", path, query: None, headers }
}

fn table(size: usize, host: Option<&str>) -> RouteTable<usize> {
    RouteTable::build(patterns(size, host)).expect("no two of them are the same")
}

/// Resources with two routes each: a literal prefix, and one with names.
fn patterns(size: usize, host: Option<&str>) -> Vec<(RoutePattern, usize)> {
    let texts = (0..size.div_ceil(2)).flat_map(|resource| {
        let literal = format!("/api/v1/resource-{resource}/items");
        let named = format!("/api/v1/resource-{resource}/{{id}}/comments/{{comment}}$");
        [literal, named]
    });
    let pattern = |text: String| {
        let mut pattern = RoutePattern::parse(&text).expect("sound");
        pattern.host = host.map(|host| HostPattern::parse(host).expect("sound"));
        pattern
    };
    texts.map(pattern).enumerate().map(|(index, pattern)| (pattern, index)).take(size.max(2)).collect()
}
