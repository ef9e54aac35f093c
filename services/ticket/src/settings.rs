//! The service's own settings.

use std::time::Duration;

use kit::{Reader, SettingDoc};

use crate::infrastructure::remote::RemoteSettings;

/// What the service is told by its environment, beside what every service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How the vacancy service is reached, where it is not in the same process.
    pub vacancy: RemoteSettings,
}

impl Settings {
    /// What `--help` says of them.
    pub const DOCS: &'static [SettingDoc] = &[
        SettingDoc {
            name: "VACANCY_URL",
            default: "http://127.0.0.1:8005",
            help: "where the vacancy service listens",
        },
        SettingDoc { name: "VACANCY_TIMEOUT", default: "2s", help: "how long it may take to answer" },
        SettingDoc { name: "HTTP_MAX_CONNECTIONS", default: "100", help: "connections to it at once" },
        SettingDoc { name: "HTTP_KEEPALIVE_CONNECTIONS", default: "20", help: "connections to it kept idle" },
    ];

    /// Reads them; faults stay with the reader.
    pub fn read(reader: &mut Reader) -> Self {
        let url = "http://127.0.0.1:8005".to_owned();
        Self {
            vacancy: RemoteSettings {
                url: reader.parsed("VACANCY_URL", url, "a URL such as http://127.0.0.1:8005", parse),
                timeout: reader.duration(
                    "VACANCY_TIMEOUT",
                    Duration::from_secs(2),
                    // Below the 30 s that a whole request may take.
                    Duration::from_millis(10)..=Duration::from_secs(20),
                ),
                max_connections: reader.number("HTTP_MAX_CONNECTIONS", 100, 1..=10_000),
                keepalive_connections: reader.number("HTTP_KEEPALIVE_CONNECTIONS", 20, 0..=10_000),
            },
        }
    }
}

/// The URL without the slash at its end.
fn parse(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let good = matches!(url.scheme(), "http" | "https") && url.has_host() && plain && url.password().is_none();
    good.then(|| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::settings::Source;

    #[test]
    fn help_lists_every_setting() {
        let mut reader = Reader::new(Source::default());
        let settings = Settings::read(&mut reader);
        assert_eq!(settings.vacancy.url, "http://127.0.0.1:8005");
        let documented: Vec<&str> = Settings::DOCS.iter().map(|doc| doc.name).collect();
        assert_eq!(reader.asked(), documented);
    }

    #[test]
    fn a_url_is_where_a_service_listens() {
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(parse(text).as_deref(), expected, "{text}");
        }
        check("http://vacancy:8005", Some("http://vacancy:8005"));
        check("http://vacancy:8005/", Some("http://vacancy:8005"));
        check("https://host/stock/", Some("https://host/stock"));
        check("vacancy:8005", None);
        check("unix:/tmp/x", None);
        check("http://host/?a=b", None);
        check("http://user:password@host", None);
        check("", None);
    }
}
