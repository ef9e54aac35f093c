//! What is killed loses nothing and does nothing twice; what stands still goes on.
//!
//! Real processes (`examples/witness.rs`) between two SQLite files and a broker: the embedded one, and the
//! Kafka of `TEST_KAFKA`, whose process `TEST_KAFKA_PID` names.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests says what it means by panicking")]

mod witness;

use std::time::{Duration, Instant};

use kit::testing::required;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::mocking::MockCluster;
use witness::{Scene, eventually};

const ROUNDS: usize = 20;
/// How long the broker is away.
const AWAY: Duration = Duration::from_secs(30);
/// What stops a broker stops it for every test that uses it: these take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn kills_on_the_embedded_broker() {
    let cluster = MockCluster::new(1).unwrap();
    kills(&Scene::new(&cluster.bootstrap_servers(), "4s").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_on_kafka() {
    let Some(servers) = required("TEST_KAFKA") else { return };
    let _turn = TURN.lock().await;
    kills(&Scene::new(&servers, "1s").await).await;
}

/// Twenty publishers die between commit and publish, twenty consumers between effect and offset.
async fn kills(scene: &Scene) {
    let publishers = async {
        for _ in 0..ROUNDS {
            let mut publisher = scene.start("publish", &[("WITNESS_BURST", "20")]);
            publisher.wait().await.unwrap();
            assert!(scene.waiting().await > 0, "it died with all of it published");
        }
        // From here on there is always something new to consume.
        scene.start("publish", &[("WITNESS_PAUSE", "20ms")])
    };
    let consumers = async {
        for _ in 0..ROUNDS {
            let before = scene.applied().await.len();
            let status = scene.start("consume", &[("WITNESS_DIES", "true")]).wait().await.unwrap();
            assert!(status.code().is_none(), "it was not killed: {status}");
            assert!(scene.applied().await.len() > before, "it died without an effect");
        }
    };
    let (publisher, ()) = tokio::join!(publishers, consumers);
    // Its end relays what it wrote last.
    assert!(scene.end(publisher).await.success());
    assert_eq!(scene.waiting().await, 0);
    let consumer = scene.start("consume", &[]);
    scene.all_is_applied().await;
    assert!(scene.end(consumer).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_broker_is_away() {
    let cluster = MockCluster::new(1).unwrap();
    let scene = Scene::new(&cluster.bootstrap_servers(), "4s").await;
    outage(&scene, || cluster.broker_down(-1).unwrap(), || cluster.broker_up(-1).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_away() {
    let (Some(servers), Some(process)) = (required("TEST_KAFKA"), required("TEST_KAFKA_PID")) else { return };
    let _turn = TURN.lock().await;
    let process = Pid::from_raw(process.parse().unwrap());
    let scene = Scene::new(&servers, "1s").await;
    outage(&scene, || kill(process, Signal::SIGSTOP).unwrap(), || kill(process, Signal::SIGCONT).unwrap()).await;
}

/// Half a minute without a broker costs delay alone.
async fn outage(scene: &Scene, stop: impl Fn(), go_on: impl Fn()) {
    let publisher = scene.start("publish", &[("WITNESS_PAUSE", "5ms")]);
    let consumer = scene.start("consume", &[]);
    eventually("events flow", async || scene.applied().await.len() > 50).await;
    stop();
    let began = Instant::now();
    // Writes go on, all the time that the broker is away.
    while began.elapsed() < AWAY {
        let before = scene.written().await.len();
        eventually("writes succeed", async || scene.written().await.len() > before + 20).await;
    }
    let waiting = scene.waiting().await;
    go_on();
    assert!(waiting > 100, "{waiting} events waited in the outbox");
    assert!(scene.end(publisher).await.success());
    let last = scene.start("publish", &[("WITNESS_PAUSE", "60s")]);
    scene.all_is_applied().await;
    println!("{waiting} events had waited");
    assert!(scene.end(last).await.success());
    assert!(scene.end(consumer).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_stood_still_goes_on() {
    let cluster = MockCluster::new(1).unwrap();
    let scene = Scene::new(&cluster.bootstrap_servers(), "4s").await;
    let publisher = scene.start("publish", &[("WITNESS_PAUSE", "20ms")]);
    let first = scene.start("consume", &[]);
    let grows = async |what: &str| {
        let before = scene.applied().await.len();
        eventually(what, async || scene.applied().await.len() > before + 50).await;
    };
    grows("the first consumes").await;
    // The broker misses it, and gives its partitions to another.
    first.signal(Signal::SIGSTOP);
    // Not while it holds SQLite's one turn to write, without which nobody takes over.
    while !scene.takes_writes().await {
        first.signal(Signal::SIGCONT);
        first.signal(Signal::SIGSTOP);
    }
    let second = scene.start("consume", &[]);
    grows("the second has taken over").await;
    first.signal(Signal::SIGCONT);
    drop(second);
    grows("the first goes on").await;
    assert!(scene.end(publisher).await.success());
    scene.all_is_applied().await;
    assert!(scene.end(first).await.success());
}
