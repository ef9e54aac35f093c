//! What is counted, in shards: each worker writes its own, without a lock and without sharing a cache line, and a scrape
//! adds them up.
mod generations;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder},
    metrics::{MetricType, exemplar::Exemplar},
    registry::Unit,
};

use crate::{
    cluster::Cluster,
    live::Live,
    proxy_protocol,
    rejection::CODES,
    tls::{Handshakes, OUTCOMES},
    upstream::Upstream,
};

pub(crate) use generations::Generations;
use generations::{RouteTotals, Sum, Totals};

/// Upper bounds of the histograms, in microseconds; what is slower falls into `+Inf`.
const BOUNDS_MICROS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];
/// Different (status, code) pairs that one route counts without a lock; the rare rest goes to a map.
const PAIRS: usize = 16;

/// The labels of one route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    pub(crate) connecting: Arc<Connecting>,
}

/// How connections begin: counted by all workers together, and so for longer than any of them lives.
#[derive(Debug, Default)]
pub(crate) struct Connecting {
    pub(crate) handshakes: Handshakes,
    pub(crate) proxy_protocol: proxy_protocol::Failures,
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
    /// The configuration that serves.
    pub(crate) live: ArcSwap<Live>,
    pub(crate) generations: Generations,
    /// One for each worker.
    pub(crate) gauges: Mutex<Vec<Arc<Gauges>>>,
    pub(crate) connecting: Arc<Connecting>,
    pub(crate) reloads: Reloads,
    pub(crate) log_lines_dropped: Arc<AtomicU64>,
}

/// How often the file was read again, by what came of it.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    /// It serves now.
    pub(crate) applied: AtomicU64,
    /// Something was wrong with it, and nothing changed.
    pub(crate) rejected: AtomicU64,
    /// It said what it had said before.
    pub(crate) unchanged: AtomicU64,
}

impl Sum {
    #[allow(clippy::cast_precision_loss, reason = "a metric is a float in the end")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_MICROS.iter().map(|&micros| micros as f64 / 1e6).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.buckets).collect();
        let none = None::<&std::collections::HashMap<usize, Exemplar<[(&str, &str); 0], f64>>>;
        encoder.encode_histogram(self.micros as f64 / 1e6, self.buckets.iter().sum(), &buckets, none)
    }
}

impl RouteLabels {
    fn pairs(&self) -> [(&str, &str); 2] {
        [("route", &self.route), ("service", &self.service)]
    }
}

fn encode_histogram(
    encoder: &mut DescriptorEncoder<'_>,
    totals: &Totals,
    name: &str,
    help: &str,
    of: fn(&RouteTotals) -> &Sum,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for (labels, numbers) in totals {
        of(numbers).encode(family.encode_family(&labels.pairs())?)?;
    }
    Ok(())
}

impl Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let live = self.live.load();
        self.encode_requests(&mut encoder)?;
        encode_servers(&live, &mut encoder)?;
        encode_traffic(&live, &mut encoder)?;
        self.encode_connections(&mut encoder)?;
        self.encode_process(&live, &mut encoder)
    }

    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests answered, by the gateway or through it";
        let mut family = encoder.encode_descriptor("gateway_requests", help, None, MetricType::Counter)?;
        let totals = self.generations.totals();
        for (labels, numbers) in &totals {
            let [route, service] = labels.pairs();
            for (&pair, count) in &numbers.answers {
                let status = (pair >> 8).to_string();
                let code = (pair as usize & 0xff).checked_sub(1).map_or("", |code| CODES[code]);
                let labels = [route, service, ("status", status.as_str()), ("code", code)];
                family.encode_family(&labels)?.encode_counter(count, NO_EXEMPLAR)?;
            }
        }
        let (name, help) = ("gateway_request_duration", "From a request's head to the end of its answer");
        encode_histogram(encoder, &totals, name, help, |numbers| &numbers.request)?;
        let (name, help) = ("gateway_upstream_duration", "From the pick of an upstream to the head of its answer");
        encode_histogram(encoder, &totals, name, help, |numbers| &numbers.upstream)?;
        Ok(())
    }

    fn encode_connections(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let gauges = self.gauges();
        let total = |of: fn(&Gauges) -> &AtomicI64| gauges.iter().map(|gauges| of(gauges).load(Relaxed)).sum::<i64>();
        encoder
            .encode_descriptor("gateway_connections", "Open client connections", None, MetricType::Gauge)?
            .encode_gauge(&total(|gauges| &gauges.connections))?;
        encoder
            .encode_descriptor("gateway_in_flight", "Requests being served", None, MetricType::Gauge)?
            .encode_gauge(&total(|gauges| &gauges.in_flight))?;
        let help = "TLS handshakes of clients, by how they ended";
        let mut family = encoder.encode_descriptor("gateway_tls_handshakes", help, None, MetricType::Counter)?;
        for (outcome, count) in OUTCOMES.iter().zip(self.connecting.handshakes.counts()).filter(|(_, count)| *count > 0)
        {
            family.encode_family(&[("result", *outcome)])?.encode_counter(&count, NO_EXEMPLAR)?;
        }
        let help = "Connections refused, since no PROXY header came though one had to";
        let mut family =
            encoder.encode_descriptor("gateway_proxy_protocol_failures", help, None, MetricType::Counter)?;
        let counts = self.connecting.proxy_protocol.counts();
        for (reason, count) in proxy_protocol::FAILURES.iter().zip(counts).filter(|(_, count)| *count > 0) {
            family.encode_family(&[("reason", *reason)])?.encode_counter(&count, NO_EXEMPLAR)?;
        }
        Ok(())
    }

    fn encode_process(&self, live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        if let Some(acme) = &live.acme {
            let help = "Orders of certificates, by what came of them";
            let mut family = encoder.encode_descriptor("gateway_acme_orders", help, None, MetricType::Counter)?;
            for (result, count) in [("issued", &acme.outcomes.issued), ("failed", &acme.outcomes.failed)] {
                family.encode_family(&[("result", result)])?.encode_counter(&count.load(Relaxed), NO_EXEMPLAR)?;
            }
        }
        let keys = live.counters.as_ref().map_or(0, |counters| counters.live(Instant::now()));
        let help = "Callers that have used some of their rate limit, one for each limit";
        encoder
            .encode_descriptor("gateway_rate_limit_keys", help, None, MetricType::Gauge)?
            .encode_gauge(&i64::try_from(keys).unwrap_or(i64::MAX))?;
        if let Some(store) = &live.limit_store {
            let help = "Whether limits are counted in the store that other gateways share";
            encoder
                .encode_descriptor("gateway_rate_limit_store_up", help, None, MetricType::Gauge)?
                .encode_gauge(&i64::from(store.is_up()))?;
            let help = "Requests that were counted in memory, since that store gave no answer";
            encoder
                .encode_descriptor("gateway_rate_limit_fallbacks", help, None, MetricType::Counter)?
                .encode_counter(&store.fallbacks(), NO_EXEMPLAR)?;
        }
        let help = "Times that the file was read again, by what came of it";
        let mut family = encoder.encode_descriptor("gateway_reloads", help, None, MetricType::Counter)?;
        let Reloads { applied, rejected, unchanged } = &self.reloads;
        for (result, count) in [("applied", applied), ("rejected", rejected), ("unchanged", unchanged)] {
            family.encode_family(&[("result", result)])?.encode_counter(&count.load(Relaxed), NO_EXEMPLAR)?;
        }
        let help = "Access-log lines that no reader took in time";
        encoder
            .encode_descriptor("gateway_log_lines_dropped", help, None, MetricType::Counter)?
            .encode_counter(&self.log_lines_dropped.load(Relaxed), NO_EXEMPLAR)
    }
}

/// Of each server of each cluster: its health, and its circuit.
fn encode_servers(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Whether an upstream is healthy";
    let mut family = encoder.encode_descriptor("gateway_upstream_healthy", help, None, MetricType::Gauge)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            family.encode_family(&server_labels(cluster, upstream))?.encode_gauge(&i64::from(upstream.is_healthy()))?;
        }
    }
    let help = "The circuit of an upstream: 0 closed, 1 half-open, 2 open";
    let mut family = encoder.encode_descriptor("gateway_circuit_state", help, None, MetricType::Gauge)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            family
                .encode_family(&server_labels(cluster, upstream))?
                .encode_gauge(&(upstream.circuit.state() as i64))?;
        }
    }
    let help = "Requests that an upstream may be at work on at once, where that is found out";
    let mut family = encoder.encode_descriptor("gateway_concurrency_limit", help, None, MetricType::Gauge)?;
    for cluster in live.clusters.iter().filter(|cluster| cluster.bounds().is_some()) {
        for upstream in &cluster.upstreams {
            let limit = i64::from(cluster.most(upstream).unwrap_or_default());
            family.encode_family(&server_labels(cluster, upstream))?.encode_gauge(&limit)?;
        }
    }
    let help =
        "Times that an upstream was shut out: by its check, by a request that could not reach it, by its circuit";
    let mut family = encoder.encode_descriptor("gateway_ejections", help, None, MetricType::Counter)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            for (by, count) in upstream.ejections.pairs() {
                let mut labels = server_labels(cluster, upstream);
                labels.push(("by", by.into()));
                family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
            }
        }
    }
    Ok(())
}

/// What mirrors, hedges and the cache have done.
fn encode_traffic(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Copies of requests, by what became of them: answered, failed, or not made";
    let mut family = encoder.encode_descriptor("gateway_mirrored", help, None, MetricType::Counter)?;
    for (labels, counts) in live.tallies.mirrors().iter() {
        let [route, service] = labels.pairs();
        for (result, count) in counts.pairs() {
            let labels = [route, service, ("result", result)];
            family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
        }
    }
    let help = "Requests that the cache was looked at for, by how they were answered";
    let mut family = encoder.encode_descriptor("gateway_cache_requests", help, None, MetricType::Counter)?;
    for (labels, counts) in live.tallies.caches().iter() {
        let [route, service] = labels.pairs();
        for (result, count) in counts.pairs() {
            let labels = [route, service, ("result", result)];
            family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
        }
    }
    let help = "Requests sent to another upstream as well, by whether that was the first to answer, or not sent for want of budget";
    let mut family = encoder.encode_descriptor("gateway_hedges", help, None, MetricType::Counter)?;
    for (labels, counts) in live.tallies.hedges().iter() {
        let [route, service] = labels.pairs();
        for (result, count) in counts.pairs() {
            let labels = [route, service, ("result", result)];
            family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
        }
    }
    let (bytes, entries) = live.cache.as_ref().map_or((0, 0), |store| store.size());
    for (name, help, value) in [
        ("gateway_cache_bytes", "Memory that stored answers take, about", bytes),
        ("gateway_cache_entries", "URIs with a stored answer", entries),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
    }
    Ok(())
}

const NO_EXEMPLAR: Option<&Exemplar<[(&str, &str); 0], u64>> = None;

impl Metrics {
    /// What each worker has open.
    pub(crate) fn gauges(&self) -> MutexGuard<'_, Vec<Arc<Gauges>>> {
        self.gauges.lock().expect("no holder of this lock panics")
    }
}

/// The one that lies in the registry.
#[derive(Debug)]
pub(crate) struct Shared(pub(crate) Arc<Metrics>);

impl Collector for Shared {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }
}

/// Whose number it is: one of a name's servers is told apart by its address.
fn server_labels<'u>(cluster: &'u Cluster, upstream: &'u Upstream) -> Vec<(&'static str, Cow<'u, str>)> {
    let mut labels = vec![("service", (&*cluster.name).into()), ("upstream", (&*upstream.url).into())];
    labels.extend(upstream.address().map(|address| ("address", address.to_string().into())));
    labels
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics of {} workers", self.gauges().len())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;
    use crate::config::Config;

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
        shards[1].record(None, 404, Some(crate::rejection::Rejection::NoRoute.index()), ms(1), None);
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
