//! What every event type says of itself.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A typed payload with its name, topic and version.
pub trait Event: Serialize + DeserializeOwned {
    /// Its name on the wire: `UserCreated`.
    const TYPE: &'static str;
    /// Where it is published: `user.events`.
    const TOPIC: &'static str;
    /// The version that this code writes.
    const VERSION: u32 = 1;
    /// The kind of thing that it happened to: `user`.
    const AGGREGATE: &'static str;

    /// What it happened to; the key that keeps its order.
    fn aggregate_id(&self) -> String;

    /// Turns the payload of an older `version` (1 and up, below [`Event::VERSION`]) into the newest.
    /// What it cannot turn it gives back as it is, and reading it then says what is missing.
    fn upcast(version: u32, data: Value) -> Value {
        let _ = version;
        data
    }
}

/// An event of any type on its way out: what an envelope is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// [`Event::TOPIC`].
    pub topic: &'static str,
    /// [`Event::TYPE`].
    pub event_type: &'static str,
    /// [`Event::VERSION`].
    pub version: u32,
    /// [`Event::AGGREGATE`].
    pub aggregate_type: &'static str,
    /// [`Event::aggregate_id`].
    pub aggregate_id: String,
    /// The payload.
    pub data: Value,
}

impl<E: Event> From<&E> for Draft {
    fn from(event: &E) -> Self {
        Self {
            topic: E::TOPIC,
            event_type: E::TYPE,
            version: E::VERSION,
            aggregate_type: E::AGGREGATE,
            aggregate_id: event.aggregate_id(),
            data: serde_json::to_value(event).expect("a payload of strings and numbers always serialises"),
        }
    }
}

/// Why an event could not be read as the type that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is another event.
    #[error("expected the event {expected}, found {found}")]
    Type {
        /// What was asked for.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// It is newer than this code, or 0.
    #[error("{event} has version {found}; this service reads 1 to {newest}: deploy the newer one")]
    Version {
        /// The event.
        event: &'static str,
        /// The newest that this code reads.
        newest: u32,
        /// What it has.
        found: u32,
    },
    /// Its payload has another shape.
    #[error("the payload of {event} version {version} cannot be read: {source}")]
    Payload {
        /// The event.
        event: &'static str,
        /// Its version.
        version: u32,
        /// What is wrong.
        source: serde_json::Error,
    },
}
