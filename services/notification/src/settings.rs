//! The service's own settings.

mod smtp;

use std::time::Duration;

use kit::{Reader, SettingDoc};

use crate::domain::Backoff;
use crate::infrastructure::SmtpSettings;
use crate::infrastructure::secret::Secret;

/// What the service is told by its environment, beside what every service is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `SMTP_*`; without them there is no channel `email`.
    pub smtp: Option<SmtpSettings>,
    /// `WEBHOOK_*`; without `WEBHOOK_SECRET` there is no channel `webhook`.
    pub webhook: Option<WebhookSettings>,
    /// `DELIVERY_ATTEMPTS` and `DELIVERY_BACKOFF`.
    pub backoff: Backoff,
    /// `DELIVERY_TIMEOUT`.
    pub timeout: Duration,
}

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// What they are signed with.
    pub secret: Secret,
    /// Whether addresses are called that are not public.
    pub allow_private: bool,
}

impl Settings {
    /// What `--help` says of them.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc {
            name: "SMTP_URL",
            default: "",
            help: "smtp://USER:PASSWORD@HOST:PORT by STARTTLS (587), smtps:// encrypted from the first byte (465), \
                   smtp://...?tls=none plain (25); in place of SMTP_HOST to SMTP_TLS",
        },
        SettingDoc { name: "SMTP_HOST", default: "", help: "mail server; without one there is no channel email" },
        SettingDoc { name: "SMTP_PORT", default: "587, 465 or 25, by SMTP_TLS", help: "its port" },
        SettingDoc { name: "SMTP_USER", default: "", help: "user there" },
        SettingDoc { name: "SMTP_PASSWORD", default: "", help: "the user's password" },
        SettingDoc {
            name: "SMTP_TLS",
            default: "starttls",
            help: "starttls; implicit: encrypted from the first byte; none: plain",
        },
        SettingDoc {
            name: "SMTP_FROM",
            default: "",
            help: "who mail is from: ada@example.com, or Ada <ada@example.com>",
        },
        SettingDoc {
            name: "SMTP_CA_FILE",
            default: "",
            help: "certificates (PEM) that the mail server's may be signed by, beside the public authorities",
        },
        SettingDoc {
            name: "WEBHOOK_SECRET",
            default: "",
            help: "what webhooks are signed with, at least 16 characters; without it there is no channel webhook",
        },
        SettingDoc {
            name: "WEBHOOK_ALLOW_PRIVATE",
            default: "false",
            help: "webhooks may go to addresses that are not of the public Internet: any user may then call the \
                   machines beside this one",
        },
        SettingDoc { name: "DELIVERY_ATTEMPTS", default: "5", help: "how often a delivery is tried" },
        SettingDoc {
            name: "DELIVERY_BACKOFF",
            default: "1s",
            help: "pause after the first attempt; each later one is twice as long, up to 1h",
        },
        SettingDoc { name: "DELIVERY_TIMEOUT", default: "10s", help: "how long an attempt may take" },
    ];

    /// Reads them; faults stay with the reader.
    pub fn read(reader: &mut Reader) -> Self {
        let smtp = smtp::read(reader);
        let secret = reader.secret("WEBHOOK_SECRET", "at least 16 characters", |value| {
            (value.len() >= 16).then(|| Secret::new(value))
        });
        let allow_private = reader.flag("WEBHOOK_ALLOW_PRIVATE", false);
        let attempts = reader.number("DELIVERY_ATTEMPTS", 5, 1..=100);
        let shortest = Duration::from_millis(1);
        let first = reader.duration("DELIVERY_BACKOFF", Duration::from_secs(1), shortest..=Duration::from_hours(1));
        // Below the 30 s that a request may take, which may ask for a delivery.
        let range = Duration::from_millis(100)..=Duration::from_secs(20);
        Self {
            smtp,
            webhook: secret.map(|secret| WebhookSettings { secret, allow_private }),
            backoff: Backoff { attempts, first },
            timeout: reader.duration("DELIVERY_TIMEOUT", Duration::from_secs(10), range),
        }
    }
}

#[cfg(test)]
mod tests;
