//! The settings that every service has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Reader, SettingDoc};
use crate::bus::KafkaSettings;
use crate::database::{DatabaseSettings, Synchronous};

const DAY: Duration = Duration::from_hours(24);

/// A secret that no `Debug` shows.
#[derive(Clone)]
pub struct GatewaySecret(String);

impl std::ops::Deref for GatewaySecret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for GatewaySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GatewaySecret(***)")
    }
}

/// How the system runs: `DEPLOYMENT_MODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentMode {
    /// A process for each service.
    Microservices,
    /// All of them in the gateway's.
    Monolith,
}

impl DeploymentMode {
    /// As it is written, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Microservices, Self::Monolith].into_iter().find(|mode| mode.as_str().eq_ignore_ascii_case(text))
    }

    /// As `/health` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Microservices => "microservices",
            Self::Monolith => "monolith",
        }
    }
}

/// Where a service listens, stores and logs.
#[derive(Debug, Clone)]
pub struct Common {
    /// `HOST` and `PORT`; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `DEPLOYMENT_MODE`: what `/health` tells.
    pub mode: DeploymentMode,
    /// `DATABASE_URL` and `SQLITE_SYNCHRONOUS`.
    pub database: DatabaseSettings,
    /// `LOG_LEVEL`: a level, or tracing's filter directives.
    pub log_level: String,
    /// `JSON_LOGS`: one JSON object a line instead of text.
    pub json_logs: bool,
    /// `KAFKA_BOOTSTRAP_SERVERS`; without it events wait in the outbox.
    pub kafka: Option<KafkaSettings>,
    /// `GATEWAY_SECRET`: what proves a request to be the gateway's.
    pub gateway_secret: Option<GatewaySecret>,
    /// `IDEMPOTENCY_TTL`: how long the answer under an Idempotency-Key is given again.
    pub idempotency_ttl: Duration,
    /// `INBOX_RETENTION`: how long an event that was applied is known; longer than the broker keeps it.
    pub inbox_retention: Duration,
    /// `DRAIN_TIMEOUT`: how long requests may still run after SIGTERM.
    pub drain_timeout: Duration,
}

impl Common {
    /// What `--help` says of them; the defaults of `PORT` and `DATABASE_URL` are the service's.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc { name: "HOST", default: "127.0.0.1", help: "address to listen on" },
        SettingDoc { name: "PORT", default: "", help: "port to listen on; 0 takes a free one" },
        SettingDoc {
            name: "DEPLOYMENT_MODE",
            default: "microservices",
            help: "microservices or monolith: how the system runs, as /health tells it",
        },
        SettingDoc {
            name: "DATABASE_URL",
            default: "",
            help: "sqlite://PATH?mode=rwc, or postgres://USER:PASSWORD@HOST/DATABASE",
        },
        SettingDoc {
            name: "SQLITE_SYNCHRONOUS",
            default: "full",
            help: "full survives a power cut; normal is faster and may lose the last commits then",
        },
        SettingDoc {
            name: "LOG_LEVEL",
            default: "info",
            help: "trace, debug, info, warn, error or off; or directives such as info,sqlx=debug",
        },
        SettingDoc { name: "JSON_LOGS", default: "false", help: "one JSON object a line" },
        SettingDoc {
            name: "KAFKA_BOOTSTRAP_SERVERS",
            default: "",
            help: "HOST:PORT[,HOST:PORT...] of the broker; without it events wait in the outbox",
        },
        SettingDoc {
            name: "KAFKA_SESSION_TIMEOUT",
            default: "10s",
            help: "how long after a consumer's death others of its group take over; 6s suits the embedded broker",
        },
        SettingDoc {
            name: "GATEWAY_SECRET",
            default: "",
            help: "what the gateway sends as X-Gateway-Secret, at least 16 characters: X-User-Id is believed \
                   with it alone; without it on a loopback address only",
        },
        SettingDoc {
            name: "IDEMPOTENCY_TTL",
            default: "24h",
            help: "how long a request with the same Idempotency-Key gets the same answer",
        },
        SettingDoc {
            name: "INBOX_RETENTION",
            default: "30d",
            help: "how long an applied event is remembered: longer than the broker keeps it",
        },
        SettingDoc { name: "DRAIN_TIMEOUT", default: "30s", help: "how long requests may still run after SIGTERM" },
    ];

    /// Reads them; `service` names the default database and `port` is the default port.
    pub fn read(reader: &mut Reader, service: &str, port: u16) -> Self {
        let host = reader.parsed(
            "HOST",
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            "an IP address such as 127.0.0.1, 0.0.0.0 or ::",
            |value| value.trim_start_matches('[').trim_end_matches(']').parse().ok(),
        );
        let port = reader.number("PORT", port, 0..=u16::MAX);
        let database = reader.parsed(
            "DATABASE_URL",
            DatabaseSettings::default_for(service),
            "sqlite://PATH?mode=rwc, where PATH is a file, or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
            DatabaseSettings::parse,
        );
        let synchronous = reader.parsed("SQLITE_SYNCHRONOUS", Synchronous::Full, "full or normal", |value| match value
            .to_ascii_lowercase()
            .as_str()
        {
            "full" => Some(Synchronous::Full),
            "normal" => Some(Synchronous::Normal),
            _ => None,
        });
        let kafka =
            reader.optional("KAFKA_BOOTSTRAP_SERVERS", "HOST:PORT, or several with commas", KafkaSettings::parse);
        let (shortest, longest) = (Duration::from_secs(1), Duration::from_mins(30));
        let session_timeout = reader.duration("KAFKA_SESSION_TIMEOUT", Duration::from_secs(10), shortest..=longest);
        Self {
            mode: reader.parsed(
                "DEPLOYMENT_MODE",
                DeploymentMode::Microservices,
                "microservices or monolith",
                DeploymentMode::parse,
            ),
            listen: SocketAddr::new(host, port),
            database: database.with_synchronous(synchronous),
            log_level: reader.parsed(
                "LOG_LEVEL",
                "info".to_owned(),
                "trace, debug, info, warn, error, off or directives such as info,sqlx=debug",
                |value| is_log_level(value).then(|| value.to_owned()),
            ),
            json_logs: reader.flag("JSON_LOGS", false),
            kafka: kafka.map(|kafka| kafka.with_session_timeout(session_timeout)),
            gateway_secret: reader.secret("GATEWAY_SECRET", "at least 16 visible ASCII characters", |value| {
                let good = value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_graphic());
                good.then(|| GatewaySecret(value.to_owned()))
            }),
            idempotency_ttl: reader.duration("IDEMPOTENCY_TTL", DAY, Duration::from_mins(1)..=365 * DAY),
            inbox_retention: reader.duration("INBOX_RETENTION", 30 * DAY, Duration::from_hours(1)..=3_650 * DAY),
            drain_timeout: reader.duration(
                "DRAIN_TIMEOUT",
                Duration::from_secs(30),
                Duration::ZERO..=Duration::from_hours(1),
            ),
        }
    }
}

/// A lone word must be a level: `EnvFilter` would take `verbose` for the name of a crate, and the
/// service would then log nothing at all.
fn is_log_level(value: &str) -> bool {
    let levels = ["trace", "debug", "info", "warn", "error", "off"];
    let lone = !value.contains(['=', ',']);
    if lone { levels.contains(&value.to_ascii_lowercase().as_str()) } else { EnvFilter::try_new(value).is_ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    #[test]
    fn the_mode_is_one_of_two() {
        let read = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::new(Source::from_pairs(pairs.iter().copied()));
            let mode = Common::read(&mut reader, "test", 0).mode;
            reader.finish().map(|()| mode).map_err(|faults| faults[0].to_string())
        };
        assert_eq!(read(&[]), Ok(DeploymentMode::Microservices));
        assert_eq!(read(&[("DEPLOYMENT_MODE", "Monolith")]), Ok(DeploymentMode::Monolith));
        let told = "DEPLOYMENT_MODE = \"mono\": expected microservices or monolith";
        assert_eq!(read(&[("DEPLOYMENT_MODE", "mono")]), Err(told.to_owned()));
    }
}
