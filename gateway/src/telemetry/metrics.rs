//! What is counted, in shards: each worker writes its own, without a lock and without sharing a cache line, and a scrape
//! adds them up.
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder},
    metrics::{MetricType, exemplar::Exemplar},
    registry::Unit,
};

use crate::{
    cluster::Cluster,
    permit::rate::Counters,
    rejection::CODES,
    tls::{Handshakes, OUTCOMES},
};

/// Upper bounds of the histograms, in microseconds; what is slower falls into `+Inf`.
const BOUNDS_MICROS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];
/// Different (status, code) pairs that one route counts without a lock; the rare rest goes to a map.
const PAIRS: usize = 16;

/// The labels of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteLabels {
    pub(crate) route: String,
    pub(crate) service: Arc<str>,
}

/// One worker's numbers. Written by that worker only: an addition needs no atomic read-modify-write.
#[derive(Debug)]
pub(crate) struct Shard {
    /// By route index; the last one is for what no route took.
    routes: Box<[OnceLock<Box<RouteStats>>]>,
}

/// What one worker has open now.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) connections: AtomicI64,
    pub(crate) in_flight: AtomicI64,
    pub(crate) handshakes: Handshakes,
}

#[derive(Debug, Default)]
struct RouteStats {
    /// `status << 8 | code index + 1`, 0 where free, and its count.
    answers: [(AtomicU32, AtomicU64); PAIRS],
    rare_answers: Mutex<BTreeMap<u32, u64>>,
    request: Histogram,
    upstream: Histogram,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

impl Shard {
    pub(crate) fn new(routes: usize) -> Self {
        Self { routes: (0..=routes).map(|_| OnceLock::new()).collect() }
    }

    /// Counts one finished request: its route, if any took it, its status, the code of its failure, its durations.
    pub(crate) fn record(
        &self,
        route: Option<usize>,
        status: u16,
        code: Option<usize>,
        duration: Duration,
        upstream: Option<Duration>,
    ) {
        let numbers = self.routes[route.unwrap_or(self.routes.len() - 1)].get_or_init(Box::default);
        let code = code.map_or(0, |code| u32::try_from(code).expect("the codes are few") + 1);
        numbers.count(u32::from(status) << 8 | code);
        numbers.request.observe(duration);
        if let Some(upstream) = upstream {
            numbers.upstream.observe(upstream);
        }
    }
}

impl RouteStats {
    fn count(&self, pair: u32) {
        for (key, count) in &self.answers {
            let known = key.load(Relaxed);
            if known == 0 {
                key.store(pair, Relaxed);
            }
            if known == pair || known == 0 {
                return bump(count, 1);
            }
        }
        let mut rare = self.rare_answers.lock().expect("no holder of this lock panics");
        *rare.entry(pair).or_default() += 1;
    }

    fn answers(&self) -> Vec<(u32, u64)> {
        let rare = self.rare_answers.lock().expect("no holder of this lock panics");
        let common = self.answers.iter().map(|(key, count)| (key.load(Relaxed), count.load(Relaxed)));
        common.filter(|&(key, _)| key != 0).chain(rare.iter().map(|(&key, &count)| (key, count))).collect()
    }
}

impl Histogram {
    fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.iter().position(|&bound| micros <= bound).unwrap_or(BOUNDS_MICROS.len());
        bump(&self.buckets[bucket], 1);
        bump(&self.sum_micros, micros);
    }
}

/// An addition by the only writer.
fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Relaxed) + by, Relaxed);
}

/// What a scrape reads.
pub(crate) struct Metrics {
    pub(crate) shards: Vec<Arc<Shard>>,
    pub(crate) gauges: Vec<Arc<Gauges>>,
    pub(crate) labels: Vec<RouteLabels>,
    pub(crate) clusters: Vec<Arc<Cluster>>,
    pub(crate) rate_limits: Option<Arc<Counters>>,
    pub(crate) log_lines_dropped: Arc<AtomicU64>,
}

/// A histogram's count and sum over all shards.
#[derive(Default)]
struct Sum {
    buckets: [u64; BOUNDS_MICROS.len() + 1],
    micros: u64,
}

impl Sum {
    fn add(&mut self, histogram: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *sum += bucket.load(Relaxed);
        }
        self.micros += histogram.sum_micros.load(Relaxed);
    }

    #[allow(clippy::cast_precision_loss, reason = "a metric is a float in the end")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_MICROS.iter().map(|&micros| micros as f64 / 1e6).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.buckets).collect();
        let none = None::<&std::collections::HashMap<usize, Exemplar<[(&str, &str); 0], f64>>>;
        encoder.encode_histogram(self.micros as f64 / 1e6, self.buckets.iter().sum(), &buckets, none)
    }
}

impl Metrics {
    /// Every route that was ever taken, with its labels and each worker's numbers of it.
    fn routes(&self) -> impl Iterator<Item = ([(&str, &str); 2], Vec<&RouteStats>)> {
        (0..=self.labels.len()).filter_map(|index| {
            let stats: Vec<&RouteStats> =
                self.shards.iter().filter_map(|shard| shard.routes[index].get().map(Box::as_ref)).collect();
            let labels = self.labels.get(index).map_or([("route", ""), ("service", "")], |labels| {
                [("route", labels.route.as_str()), ("service", &*labels.service)]
            });
            (!stats.is_empty()).then_some((labels, stats))
        })
    }

    fn encode_histogram(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        of: fn(&RouteStats) -> &Histogram,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (labels, stats) in self.routes() {
            let mut sum = Sum::default();
            for stats in stats {
                sum.add(of(stats));
            }
            sum.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests answered, by the gateway or through it";
        let mut family = encoder.encode_descriptor("gateway_requests", help, None, MetricType::Counter)?;
        for ([route, service], stats) in self.routes() {
            let mut answers: BTreeMap<u32, u64> = BTreeMap::new();
            for (pair, count) in stats.iter().flat_map(|stats| stats.answers()) {
                *answers.entry(pair).or_default() += count;
            }
            for (pair, count) in answers {
                let status = (pair >> 8).to_string();
                let code = (pair as usize & 0xff).checked_sub(1).map_or("", |code| CODES[code]);
                let labels = [route, service, ("status", status.as_str()), ("code", code)];
                family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
            }
        }
        let (name, help) = ("gateway_request_duration", "From a request's head to the end of its answer");
        self.encode_histogram(&mut encoder, name, help, |stats| &stats.request)?;
        let (name, help) = ("gateway_upstream_duration", "From the pick of an upstream to the head of its answer");
        self.encode_histogram(&mut encoder, name, help, |stats| &stats.upstream)?;
        let help = "Whether an upstream is healthy";
        let mut family = encoder.encode_descriptor("gateway_upstream_healthy", help, None, MetricType::Gauge)?;
        for cluster in &self.clusters {
            for upstream in &cluster.upstreams {
                let labels = [("service", &*cluster.name), ("upstream", &*upstream.url)];
                family.encode_family(&labels)?.encode_gauge(&i64::from(upstream.is_healthy()))?;
            }
        }
        let total =
            |of: fn(&Gauges) -> &AtomicI64| self.gauges.iter().map(|of_one| of(of_one).load(Relaxed)).sum::<i64>();
        encoder
            .encode_descriptor("gateway_connections", "Open client connections", None, MetricType::Gauge)?
            .encode_gauge(&total(|gauges| &gauges.connections))?;
        encoder
            .encode_descriptor("gateway_in_flight", "Requests being served", None, MetricType::Gauge)?
            .encode_gauge(&total(|gauges| &gauges.in_flight))?;
        let help = "TLS handshakes of clients, by how they ended";
        let mut family = encoder.encode_descriptor("gateway_tls_handshakes", help, None, MetricType::Counter)?;
        let mut handshakes = [0; OUTCOMES.len()];
        for (sum, count) in self.gauges.iter().flat_map(|gauges| gauges.handshakes.counts().enumerate()) {
            handshakes[sum] += count;
        }
        for (outcome, count) in OUTCOMES.iter().zip(handshakes).filter(|(_, count)| *count > 0) {
            family.encode_family(&[("result", *outcome)])?.encode_counter(&count, NO_EXEMPLAR)?;
        }
        let keys = self.rate_limits.as_ref().map_or(0, |counters| counters.live(Instant::now()));
        let help = "Callers that have used some of their rate limit, one for each limit";
        encoder
            .encode_descriptor("gateway_rate_limit_keys", help, None, MetricType::Gauge)?
            .encode_gauge(&i64::try_from(keys).unwrap_or(i64::MAX))?;
        let help = "Access-log lines that no reader took in time";
        encoder
            .encode_descriptor("gateway_log_lines_dropped", help, None, MetricType::Counter)?
            .encode_counter(&self.log_lines_dropped.load(Relaxed), NO_EXEMPLAR)
    }
}

const NO_EXEMPLAR: Option<&Exemplar<[(&str, &str); 0], u64>> = None;

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics of {} workers", self.shards.len())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    fn scrape(metrics: Metrics) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(metrics));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn the_shards_add_up() {
        let shards: Vec<_> = (0..2).map(|_| Arc::new(Shard::new(1))).collect();
        let ms = Duration::from_millis;
        shards[0].record(Some(0), 200, None, ms(3), Some(ms(2)));
        shards[1].record(Some(0), 200, None, ms(4), None);
        shards[1].record(None, 404, Some(crate::rejection::Rejection::NoRoute.index()), ms(1), None);
        let labels = vec![RouteLabels { route: "/users".into(), service: "user".into() }];
        let text = scrape(Metrics {
            shards,
            gauges: vec![],
            labels,
            clusters: vec![],
            rate_limits: None,
            log_lines_dropped: Arc::default(),
        });
        for line in [
            r#"gateway_requests_total{route="/users",service="user",status="200",code=""} 2"#,
            r#"gateway_requests_total{route="",service="",status="404",code="no_route"} 1"#,
            r#"gateway_request_duration_seconds_count{route="/users",service="user"} 2"#,
            r#"gateway_request_duration_seconds_sum{route="/users",service="user"} 0.007"#,
            r#"gateway_upstream_duration_seconds_count{route="/users",service="user"} 1"#,
            "gateway_connections 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn more_statuses_than_there_are_slots_are_all_counted() {
        let shard = Shard::new(0);
        for status in 200..300 {
            shard.record(None, status, None, Duration::ZERO, None);
            shard.record(None, status, None, Duration::ZERO, None);
        }
        let answers = shard.routes[0].get().unwrap().answers();
        assert_eq!(answers.len(), 100);
        assert!(answers.iter().all(|&(_, count)| count == 2));
    }
}
