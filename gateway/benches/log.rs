//! What the access log's line costs a request. `cargo bench -p gateway --bench log`
use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use divan::Bencher;
use gateway::telemetry::{access_log::Line, clock::Clock};
use http::Version;

fn main() {
    divan::main();
}

/// Written into a worker's buffer, which is handed on at 32 KiB: as a worker does, its time of day included.
#[divan::bench(sample_size = 10_000)]
fn line(bencher: Bencher) {
    let (clock, now) = (Clock::new(), Instant::now());
    let mut buffer = Vec::with_capacity(33 * 1024);
    bencher.bench_local(|| {
        let line = Line {
            unix_micros: clock.unix_micros(black_box(now)),
            request_id: b"01a1fe34-d5c1-7b31-80ea-e7169cab4f43",
            client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 101)),
            method: "GET",
            host: b"example.com:8000",
            path: "/users/01a1fe34-d4cb-74ff-914a-688823647fb6",
            version: Version::HTTP_11,
            route: Some(b",\"route\":\"/users\",\"service\":\"user\""),
            upstream: Some("http://127.0.0.1:8001"),
            upstream_address: None,
            status: 200,
            code: None,
            bytes_in: 0,
            bytes_out: 123,
            duration: Duration::from_micros(12_345),
            upstream_time: Some(Duration::from_micros(11_234)),
            retries: 0,
            hedged: 0,
        };
        black_box(line).write(&clock, &mut buffer);
        if buffer.len() > 32 * 1024 {
            black_box(&buffer);
            buffer.clear();
        }
    });
}
