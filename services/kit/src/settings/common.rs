//! The settings that every service has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Reader, SettingDoc};
use crate::database::{DatabaseSettings, Synchronous};

/// Where a service listens, stores and logs.
#[derive(Debug, Clone)]
pub struct Common {
    /// `HOST` and `PORT`; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `DATABASE_URL` and `SQLITE_SYNCHRONOUS`.
    pub database: DatabaseSettings,
    /// `LOG_LEVEL`: a level, or tracing's filter directives.
    pub log_level: String,
    /// `JSON_LOGS`: one JSON object a line instead of text.
    pub json_logs: bool,
    /// `TRUST_IDENTITY_HEADERS`: whether `X-User-*` is believed.
    pub trust_identity_headers: bool,
    /// `DRAIN_TIMEOUT`: how long requests may still run after SIGTERM.
    pub drain_timeout: Duration,
}

impl Common {
    /// What `--help` says of them; the defaults of `PORT` and `DATABASE_URL` are the service's.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc { name: "HOST", default: "127.0.0.1", help: "address to listen on" },
        SettingDoc { name: "PORT", default: "", help: "port to listen on; 0 takes a free one" },
        SettingDoc { name: "DATABASE_URL", default: "", help: "sqlite://PATH?mode=rwc" },
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
            name: "TRUST_IDENTITY_HEADERS",
            default: "false",
            help: "believe X-User-Id, X-User-Email, X-User-Scope: only where nothing but the \
                   gateway can reach this port",
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
            "sqlite://PATH?mode=rwc, where PATH is a file",
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
        Self {
            listen: SocketAddr::new(host, port),
            database: database.with_synchronous(synchronous),
            log_level: reader.parsed(
                "LOG_LEVEL",
                "info".to_owned(),
                "trace, debug, info, warn, error, off or directives such as info,sqlx=debug",
                |value| is_log_level(value).then(|| value.to_owned()),
            ),
            json_logs: reader.flag("JSON_LOGS", false),
            trust_identity_headers: reader.flag("TRUST_IDENTITY_HEADERS", false),
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
