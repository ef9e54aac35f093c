//! A dead letter as a line.

use std::fmt;

use kit::bus::Message;
use serde_json::Value;

/// A dead letter and where it lies.
pub(crate) struct Letter {
    pub(crate) message: Message,
    /// The partition, or `outbox`.
    pub(crate) place: String,
    /// Its number there.
    pub(crate) offset: i64,
}

impl Letter {
    /// What the event says it is; `-` when the body is no envelope.
    fn event_type(&self) -> String {
        let envelope: Option<Value> = serde_json::from_slice(&self.message.value).ok();
        envelope.as_ref().and_then(|envelope| envelope["event_type"].as_str()).unwrap_or("-").to_owned()
    }
}

/// In columns between tabs: topic, place, offset, key, event type, error. Nothing in them can break the
/// line or reach the terminal as a command.
impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.message.headers.get("error").map_or("-", String::as_str);
        let (topic, key, event) = (&self.message.topic, &self.message.key, self.event_type());
        let clean = |text: &str| text.replace(char::is_control, " ");
        let (topic, key, event, error) = (clean(topic), clean(key), clean(&event), clean(error));
        write!(f, "{topic}\t{}\t{}\t{key}\t{event}\t{error}", self.place, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_is_one_line_whatever_it_holds() {
        fn check(key: &str, value: &str, error: &str, expected: &str) {
            let headers = BTreeMap::from([("error".to_owned(), error.to_owned())]);
            let message = Message { topic: "a.dlq".into(), key: key.into(), value: value.into(), headers };
            let letter = Letter { message, place: "2".into(), offset: 7 };
            assert_eq!(letter.to_string(), expected);
        }
        check("k", r#"{"event_type":"UserCreated"}"#, "bad", "a.dlq\t2\t7\tk\tUserCreated\tbad");
        check("k\n\u{1b}[2J", "no json", "two\nlines", "a.dlq\t2\t7\tk  [2J\t-\ttwo lines");
    }
}
