//! The service's own settings.

use std::time::Duration;

use jiff::SignedDuration;
use kit::{Reader, SettingDoc};

/// What the service is told by its environment, beside what every service is.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// `INITIAL_STOCK`: the places of a database that is new.
    pub initial_stock: i64,
    /// `CACHE_TTL_SECONDS`: how long `available` may go without asking the database.
    pub cache_ttl: SignedDuration,
    /// `RESERVATION_RETENTION`: how long a reservation can be asked for again or released.
    pub reservation_retention: SignedDuration,
}

impl Settings {
    /// What `--help` says of them.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc { name: "INITIAL_STOCK", default: "10000", help: "places when the database is new" },
        SettingDoc {
            name: "CACHE_TTL_SECONDS",
            default: "5",
            help: "how old an answer of GET /api/v1/available may be when other instances write; 0 asks the \
                   database each time",
        },
        SettingDoc {
            name: "RESERVATION_RETENTION",
            default: "30d",
            help: "how long a reservation is remembered, and can be released: longer than the ticket service \
                   is ever away; what is held then is sold for good",
        },
    ];

    /// Reads them; faults stay with the reader.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            initial_stock: reader.number("INITIAL_STOCK", 10_000, 0..=i64::MAX),
            cache_ttl: SignedDuration::from_secs(reader.number("CACHE_TTL_SECONDS", 5, 0..=3_600)),
            reservation_retention: retention(reader),
        }
    }
}

fn retention(reader: &mut Reader) -> SignedDuration {
    const DAY: Duration = Duration::from_hours(24);
    // A day at least: nothing is to be forgotten that a purchase may still be about.
    let retention = reader.duration("RESERVATION_RETENTION", 30 * DAY, DAY..=3_650 * DAY);
    SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::settings::Source;

    #[test]
    fn help_lists_every_setting() {
        let mut reader = Reader::new(Source::default());
        let settings = Settings::read(&mut reader);
        assert_eq!((settings.initial_stock, settings.cache_ttl.as_secs()), (10_000, 5));
        assert_eq!(settings.reservation_retention.as_hours(), 30 * 24);
        let documented: Vec<&str> = Settings::DOCS.iter().map(|doc| doc.name).collect();
        assert_eq!(reader.asked(), documented);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let pairs = [("INITIAL_STOCK", "-1"), ("CACHE_TTL_SECONDS", "5s"), ("RESERVATION_RETENTION", "1h")];
        let mut reader = Reader::new(Source::from_pairs(pairs));
        Settings::read(&mut reader);
        assert_eq!(reader.finish().unwrap_err().len(), 3);
    }
}
