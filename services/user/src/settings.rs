//! The service's own settings.

use std::time::Duration;

use jiff::SignedDuration;
use kit::{Reader, SettingDoc};

use crate::application::{Admin, Lifetimes};
use crate::domain::{Email, Password, RotationPolicy, Secret};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// What the service is told by its environment, beside what every service is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `ACCESS_TOKEN_TTL`, `REFRESH_TOKEN_TTL`, `KEY_ROTATION`, `KEY_PUBLISH_AHEAD`.
    pub lifetimes: Lifetimes,
    /// How long others may cache the published keys: half of `KEY_PUBLISH_AHEAD`, at most 5 min.
    pub jwks_max_age: Duration,
    /// How often the keys are looked at: a quarter of `KEY_PUBLISH_AHEAD`, at most 30 s.
    pub upkeep_interval: Duration,
    /// `HASH_PARALLELISM`.
    pub hash_parallelism: usize,
    /// `HASH_QUEUE_TIMEOUT`.
    pub hash_queue_timeout: Duration,
    /// `ADMIN_EMAIL` and `ADMIN_PASSWORD`.
    pub admin: Option<Admin>,
}

impl Settings {
    /// What `--help` says of them.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc { name: "ADMIN_EMAIL", default: "", help: "made an administrator at start" },
        SettingDoc {
            name: "ADMIN_PASSWORD",
            default: "",
            help: "the administrator's password when the account is made",
        },
        SettingDoc { name: "ACCESS_TOKEN_TTL", default: "15m", help: "life of an access token" },
        SettingDoc { name: "REFRESH_TOKEN_TTL", default: "30d", help: "life of a refresh token that is not used" },
        SettingDoc { name: "KEY_ROTATION", default: "30d", help: "how long a signing key signs" },
        SettingDoc {
            name: "KEY_PUBLISH_AHEAD",
            default: "10m, or half of KEY_ROTATION if that is less",
            help: "how long before it signs a key is published",
        },
        SettingDoc { name: "HASH_PARALLELISM", default: "cores", help: "passwords hashed at once, 19 MiB each" },
        SettingDoc {
            name: "HASH_QUEUE_TIMEOUT",
            default: "5s",
            help: "how long a password waits for its turn before the answer is 503",
        },
    ];

    /// Reads them; faults stay with the reader.
    pub fn read(reader: &mut Reader) -> Self {
        let access_token = reader.duration("ACCESS_TOKEN_TTL", 15 * MINUTE, Duration::from_secs(1)..=DAY);
        let refresh_token = reader.duration("REFRESH_TOKEN_TTL", 30 * DAY, Duration::from_secs(1)..=3_650 * DAY);
        let rotation = reader.duration("KEY_ROTATION", 30 * DAY, MINUTE..=3_650 * DAY);
        let range = Duration::from_secs(10)..=DAY;
        // By default well within whatever the rotation is.
        let ahead = (10 * MINUTE).min(rotation / 2);
        let ahead = reader.duration("KEY_PUBLISH_AHEAD", ahead, range);
        if ahead >= rotation {
            reader.fault("KEY_PUBLISH_AHEAD", "less than KEY_ROTATION");
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            lifetimes: Lifetimes {
                access_token: signed(Duration::from_secs(access_token.as_secs())),
                refresh_token: signed(refresh_token),
                rotation: RotationPolicy { every: signed(rotation), ahead: signed(ahead) },
            },
            jwks_max_age: (ahead / 2).min(5 * MINUTE),
            upkeep_interval: (ahead / 4).min(MINUTE / 2),
            hash_parallelism: reader.number("HASH_PARALLELISM", cores, 1..=256),
            hash_queue_timeout: reader.duration(
                "HASH_QUEUE_TIMEOUT",
                Duration::from_secs(5),
                Duration::ZERO..=MINUTE / 2,
            ),
            admin: admin(reader),
        }
    }
}

fn admin(reader: &mut Reader) -> Option<Admin> {
    let faults = reader.faults();
    let email = reader.optional("ADMIN_EMAIL", "an e-mail address", |value| Email::parse(value).ok());
    let expected = "8 to 128 characters";
    let parse = |value: &str| Password::parse(Secret::new(value.to_owned())).ok();
    let password = reader.secret("ADMIN_PASSWORD", expected, parse);
    match (email, password) {
        (Some(email), Some(password)) => Some(Admin { email, password }),
        (None, None) => None,
        // A bad one is told already; it does not count as missing.
        _ if reader.faults() > faults => None,
        (Some(_), None) => {
            reader.fault("ADMIN_PASSWORD", "to be set, as ADMIN_EMAIL is");
            None
        }
        (None, Some(_)) => {
            reader.fault("ADMIN_EMAIL", "to be set, as ADMIN_PASSWORD is");
            None
        }
    }
}

/// The same length; every range above fits.
fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::settings::Source;

    /// The names of the settings at fault.
    fn check(pairs: &[(&str, &str)], expected: &[&str]) {
        let mut reader = Reader::new(Source::from_pairs(pairs.iter().copied()));
        Settings::read(&mut reader);
        let faults = reader.finish().err().unwrap_or_default();
        let names: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
        assert_eq!(names, expected, "{pairs:?}");
        assert!(faults.iter().all(|fault| fault.value.as_deref() != Some("hunter2")));
    }

    #[test]
    fn settings_are_checked_together() {
        check(&[], &[]);
        check(&[("KEY_ROTATION", "1m")], &[]);
        check(&[("ADMIN_EMAIL", "a@b.example"), ("ADMIN_PASSWORD", "correct horse")], &[]);
        check(&[("ADMIN_EMAIL", "a@b.example")], &["ADMIN_PASSWORD"]);
        check(&[("ADMIN_PASSWORD", "correct horse")], &["ADMIN_EMAIL"]);
        check(&[("ADMIN_EMAIL", "a@b.example"), ("ADMIN_PASSWORD", "hunter2")], &["ADMIN_PASSWORD"]);
        check(&[("KEY_ROTATION", "1m"), ("KEY_PUBLISH_AHEAD", "1m")], &["KEY_PUBLISH_AHEAD"]);
        check(
            &[("ACCESS_TOKEN_TTL", "0s"), ("HASH_PARALLELISM", "0"), ("KEY_ROTATION", "never")],
            &["ACCESS_TOKEN_TTL", "KEY_ROTATION", "HASH_PARALLELISM"],
        );
    }

    #[test]
    fn help_lists_every_setting() {
        let mut reader = Reader::new(Source::default());
        Settings::read(&mut reader);
        let documented: Vec<&str> = Settings::DOCS.iter().map(|doc| doc.name).collect();
        for name in reader.asked() {
            assert!(documented.contains(name), "{name} is not in --help");
        }
        assert_eq!(reader.asked().len(), documented.len());
    }
}
