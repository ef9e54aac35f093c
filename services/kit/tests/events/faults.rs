//! What a broker refuses, for now and for good.

use kit::bus::{Bus, KafkaBus, KafkaSettings, Message};
use kit::metrics::Metrics;
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::support::{message, take};

/// A broker that answers the next requests to store messages with these errors, and a bus by it.
fn broken(errors: &[RDKafkaRespErr]) -> (MockCluster<'static, rdkafka::producer::DefaultProducerContext>, Bus) {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("faults", 1, 1).unwrap();
    cluster.request_errors(RDKafkaApiKey::Produce, errors);
    let settings = KafkaSettings::parse(&cluster.bootstrap_servers()).unwrap();
    (cluster, Bus::Kafka(KafkaBus::connect(&settings, &Metrics::default()).unwrap()))
}

/// So large that several requests carry them.
fn messages() -> Vec<Message> {
    (0..50).map(|n| message("faults", "k", &format!("{n:060000}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_now_is_tried_on_in_order() {
    use RDKafkaRespErr::{RD_KAFKA_RESP_ERR__TRANSPORT as CUT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION as MOVED};
    let (_cluster, bus) = broken(&[CUT, MOVED, CUT]);
    bus.publish(messages()).await.unwrap();
    let taken = take(&mut bus.subscribe("a", &["faults"]).unwrap(), 50).await;
    let values: Vec<_> = taken.into_iter().map(|delivery| delivery.message).collect();
    assert!(values == messages());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_published_again_and_nothing_overtakes_it() {
    let (_cluster, bus) = broken(&[RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    let error = bus.publish(messages()).await.unwrap_err();
    println!("{error}");
    bus.publish(messages()).await.unwrap();
    let taken = take(&mut bus.subscribe("a", &["faults"]).unwrap(), 50).await;
    let mut first = Vec::new();
    for delivery in taken {
        if !first.contains(&delivery.message) {
            first.push(delivery.message);
        }
    }
    assert!(first == messages(), "{} of them, out of order", first.len());
}
