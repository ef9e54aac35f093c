//! A scrape, from what is counted to its lines.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;
use prometheus_client::{encoding::text::encode, registry::Registry};

use super::{Generations, Metrics, Reloads, Shard, Shared};
use crate::{config::Config, live::Live, rejection::Rejection};

/// A configuration with this route.
fn live(route: &str) -> Arc<Live> {
    let text = format!("[services.user]\nupstreams = ['http://u']\nroutes = ['{route}']");
    let config = Config::parse("gateway.toml", &text, &|_| None).unwrap();
    Arc::new(Live::alone(config))
}

fn metrics(live: &Arc<Live>, shards: &[Arc<Shard>]) -> Arc<Metrics> {
    let metrics = Metrics {
        live: ArcSwap::from(Arc::clone(live)),
        generations: Generations::default(),
        gauges: Mutex::default(),
        connecting: Arc::default(),
        reloads: Reloads::default(),
        log_lines_dropped: Arc::default(),
    };
    metrics.generations.open(live, shards.to_vec());
    Arc::new(metrics)
}

fn check(metrics: &Arc<Metrics>, expected: &[&str]) {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Shared(Arc::clone(metrics))));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in expected {
        assert!(text.lines().any(|l| l == *line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_shards_add_up() {
    let shards: Vec<_> = (0..2).map(|_| Arc::new(Shard::new(1))).collect();
    let ms = Duration::from_millis;
    shards[0].record(Some(0), 200, None, ms(3), Some(ms(2)));
    shards[1].record(Some(0), 200, None, ms(4), None);
    shards[1].record(None, 404, Some(Rejection::NoRoute.index()), ms(1), None);
    let expected = [
        r#"gateway_requests_total{route="/users",service="user",status="200",code=""} 2"#,
        r#"gateway_requests_total{route="",service="",status="404",code="no_route"} 1"#,
        r#"gateway_request_duration_seconds_count{route="/users",service="user"} 2"#,
        r#"gateway_request_duration_seconds_sum{route="/users",service="user"} 0.007"#,
        r#"gateway_upstream_duration_seconds_count{route="/users",service="user"} 1"#,
        r#"gateway_reloads_total{result="rejected"} 0"#,
        "gateway_connections 0",
    ];
    check(&metrics(&live("/users"), &shards), &expected);
}

#[test]
fn no_counter_goes_backwards_over_a_reload() {
    let ok = |shard: &Shard| shard.record(Some(0), 200, None, Duration::ZERO, None);
    let shards: [_; 3] = std::array::from_fn(|_| Arc::new(Shard::new(1)));
    let metrics = metrics(&live("/users"), &shards[..1]);
    ok(&shards[0]);
    metrics.generations.open(&live("/tasks"), vec![Arc::clone(&shards[1])]);
    metrics.generations.open(&live("/users"), vec![Arc::clone(&shards[2])]);
    shards[1..].iter().for_each(|shard| ok(shard));
    let [first, second, third] = shards;
    // A request that began under the first ends under it.
    ok(&first);
    let expected = [
        r#"gateway_requests_total{route="/users",service="user",status="200",code=""} 3"#,
        r#"gateway_requests_total{route="/tasks",service="user",status="200",code=""} 1"#,
    ];
    check(&metrics, &expected);
    drop(first);
    assert!(metrics.generations.close_finished(), "the second still counts");
    check(&metrics, &expected);
    drop((second, third));
    assert!(!metrics.generations.close_finished(), "the last is never closed");
    check(&metrics, &expected);
}
