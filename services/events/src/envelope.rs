//! What stands around every event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::event::{Event, ReadError};

/// An event as it travels: JSON of these fields, under the message key `aggregate_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// A UUIDv7. A consumer that has seen it does nothing.
    pub event_id: Uuid,
    /// [`Event::TYPE`].
    pub event_type: String,
    /// The version of `data`: 1 and up.
    pub version: u32,
    /// When the change was made, UTC.
    pub occurred_at: Timestamp,
    /// Who published it: `user`.
    pub service_name: String,
    /// What it happened to. Events of one aggregate are delivered in the order of their changes.
    pub aggregate_id: String,
    /// What kind of thing that is: `user`.
    pub aggregate_type: String,
    /// The id of the request that began it all, handed on from event to event.
    pub correlation_id: String,
    /// The payload, as [`Event::TYPE`] and `version` say.
    pub data: Value,
}

impl Envelope {
    /// The payload as `E`, an older version made into the newest first.
    pub fn read<E: Event>(&self) -> Result<E, ReadError> {
        if self.event_type != E::TYPE {
            return Err(ReadError::Type { expected: E::TYPE, found: self.event_type.clone() });
        }
        let unreadable = |source| ReadError::Payload { event: E::TYPE, version: self.version, source };
        let newest = match self.version {
            version if version == E::VERSION => self.data.clone(),
            version if (1..E::VERSION).contains(&version) => E::upcast(version, self.data.clone()),
            version => return Err(ReadError::Version { event: E::TYPE, newest: E::VERSION, found: version }),
        };
        serde_json::from_value(newest).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::{UserCreated, UserUpdated};
    use serde_json::json;

    fn envelope(event_type: &str, version: u32, data: Value) -> Envelope {
        Envelope {
            event_id: Uuid::nil(),
            event_type: event_type.into(),
            version,
            occurred_at: Timestamp::UNIX_EPOCH,
            service_name: "user".into(),
            aggregate_id: "a".into(),
            aggregate_type: "user".into(),
            correlation_id: "c".into(),
            data,
        }
    }

    #[test]
    fn an_older_version_is_read_as_the_newest() {
        let id = Uuid::nil();
        let first = envelope("UserCreated", 1, json!({ "user_id": id, "email": "a@b.c", "full_name": "Ada" }));
        let second = envelope("UserCreated", 2, json!({ "user_id": id, "email": "a@b.c", "name": "Ada" }));
        assert_eq!(first.read::<UserCreated>().unwrap(), second.read::<UserCreated>().unwrap());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        fn check(envelope: &Envelope, expected: &str) {
            let error = envelope.read::<UserCreated>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        check(&envelope("UserCreated", 3, json!({})), "version 3");
        check(&envelope("UserCreated", 0, json!({})), "version 0");
        check(&envelope("UserCreated", 2, json!({})), "missing field");
        check(&envelope(UserUpdated::TYPE, 1, json!({})), "UserUpdated");
    }

    #[test]
    fn the_field_names_are_the_contract() {
        let text = serde_json::to_value(envelope("T", 1, json!({}))).unwrap();
        let names: Vec<_> = text.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = vec![
            "event_id",
            "event_type",
            "version",
            "occurred_at",
            "service_name",
            "aggregate_id",
            "aggregate_type",
            "correlation_id",
            "data",
        ];
        expected.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(text["occurred_at"], "1970-01-01T00:00:00Z");
    }
}
