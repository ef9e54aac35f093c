use super::*;
use crate::infrastructure::Tls;
use kit::settings::Source;

fn read(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let mut reader = Reader::new(Source::from_pairs(pairs.iter().copied()));
    let settings = Settings::read(&mut reader);
    let faults = reader.finish().err().unwrap_or_default();
    (settings, faults.iter().map(ToString::to_string).collect())
}

/// The names of the settings at fault.
fn check(pairs: &[(&str, &str)], expected: &[&str]) {
    let (settings, faults) = read(pairs);
    let names: Vec<&str> = faults.iter().map(|fault| fault.split([' ', ':']).next().unwrap()).collect();
    assert_eq!(names, expected, "{pairs:?}");
    assert!(!format!("{faults:?}{settings:?}").contains("hunter2"), "{faults:?}");
}

const FROM: (&str, &str) = ("SMTP_FROM", "Ada <ada@example.com>");

#[test]
fn settings_are_checked_together() {
    check(&[], &[]);
    check(&[("SMTP_HOST", "mail"), FROM], &[]);
    check(&[("SMTP_URL", "smtp://u:hunter2hunter2@mail"), FROM], &[]);
    check(&[("SMTP_URL", "http://u:hunter2@mail"), FROM], &["SMTP_URL"]);
    check(&[("SMTP_URL", "smtp://mail"), ("SMTP_HOST", "mail"), FROM], &["SMTP_HOST"]);
    check(&[("SMTP_URL", "smtp://mail"), ("SMTP_TLS", "none"), FROM], &["SMTP_TLS"]);
    check(&[("SMTP_HOST", "mail")], &["SMTP_FROM"]);
    check(&[FROM], &["SMTP_HOST"]);
    check(&[("SMTP_PASSWORD", "hunter2"), FROM], &["SMTP_HOST"]);
    check(&[("SMTP_HOST", "mail"), ("SMTP_PASSWORD", "hunter2"), FROM], &["SMTP_USER"]);
    check(&[("SMTP_HOST", "mail"), ("SMTP_USER", "u"), FROM], &["SMTP_USER"]);
    check(&[("SMTP_HOST", "mail"), ("SMTP_TLS", "perhaps"), ("SMTP_PORT", "0"), FROM], &["SMTP_PORT", "SMTP_TLS"]);
    check(&[("SMTP_HOST", "mail"), ("SMTP_FROM", "ada")], &["SMTP_FROM"]);
    check(&[("SMTP_HOST", "mail"), ("SMTP_CA_FILE", "absent.pem"), FROM], &["SMTP_CA_FILE"]);
    check(&[("WEBHOOK_SECRET", "hunter2")], &["WEBHOOK_SECRET"]);
    check(&[("WEBHOOK_SECRET", "hunter2hunter2hunter2")], &[]);
    check(
        &[("DELIVERY_ATTEMPTS", "0"), ("DELIVERY_BACKOFF", "0s"), ("DELIVERY_TIMEOUT", "1m")],
        &["DELIVERY_ATTEMPTS", "DELIVERY_BACKOFF", "DELIVERY_TIMEOUT"],
    );
}

#[test]
fn mail_is_encrypted_unless_said_otherwise() {
    fn check(pair: (&str, &str), tls: Option<&str>, expected: (Tls, u16)) {
        let mut pairs = vec![pair, FROM];
        pairs.extend(tls.map(|tls| ("SMTP_TLS", tls)));
        let smtp = read(&pairs).0.smtp.unwrap();
        assert_eq!((smtp.tls, smtp.port), expected, "{pairs:?}");
    }
    check(("SMTP_HOST", "mail"), None, (Tls::Starttls, 587));
    check(("SMTP_HOST", "mail"), Some("implicit"), (Tls::Implicit, 465));
    check(("SMTP_HOST", "mail"), Some("none"), (Tls::None, 25));
    check(("SMTP_URL", "smtp://mail"), None, (Tls::Starttls, 587));
    check(("SMTP_URL", "smtps://mail"), None, (Tls::Implicit, 465));
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
