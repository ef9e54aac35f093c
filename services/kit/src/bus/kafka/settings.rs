//! Where the broker is, and what every client of it has in common.

use std::time::Duration;

use rdkafka::ClientConfig;

/// A consumer of which the broker hears nothing for this long has died.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `KAFKA_BOOTSTRAP_SERVERS`: `HOST:PORT[,HOST:PORT…]`.
    pub bootstrap_servers: String,
    /// `KAFKA_SESSION_TIMEOUT`: how long after a consumer's death others take its partitions over; 10 s
    /// unless said. The broker has bounds of its own, 6 s to 30 min by default.
    pub session_timeout: Duration,
}

impl KafkaSettings {
    /// Parses `HOST:PORT[,HOST:PORT…]`.
    pub fn parse(value: &str) -> Option<Self> {
        let whole = |server: &str| {
            let (host, port) = server.trim().rsplit_once(':')?;
            (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(())
        };
        let all = value.split(',').all(|server| whole(server).is_some());
        all.then(|| Self { bootstrap_servers: value.to_owned(), session_timeout: SESSION_TIMEOUT })
    }

    /// The same with another session timeout.
    #[must_use]
    pub fn with_session_timeout(self, session_timeout: Duration) -> Self {
        Self { session_timeout, ..self }
    }

    /// What producers and consumers have in common; `client` is their name in the broker's log.
    pub(super) fn client(&self, client: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client)
            .set("socket.keepalive.enable", "true")
            // A broker that is back is found within this time.
            .set("reconnect.backoff.max.ms", "2000");
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        fn check(value: &str, sound: bool) {
            assert_eq!(KafkaSettings::parse(value).is_some(), sound, "{value:?}");
        }
        check("127.0.0.1:9092", true);
        check("kafka-1:9092, kafka-2:9092", true);
        check("[::1]:9092", true);
        check("kafka", false);
        check(":9092", false);
        check("kafka:0", false);
        check("kafka:9092,", false);
        check("", false);
    }
}
