//! What the services tell one another, and nothing else: no I/O, no broker, no database.
//!
//! | module | holds |
//! |---|---|
//! | [`envelope`] | what stands around every event |
//! | [`event`] | an event's name, topic and version, and how an older version is read |
//! | [`user`], [`task`], [`notification`], [`vacancy`], [`ticket`] | the events of each publisher |
//! | [`system`] | services that start, stop, and change their health |
//!
//! An event's payload never loses a field or changes its meaning under the same `version`: it gets a
//! new one, and [`Event::upcast`] turns the older payloads into it (see [`user::UserCreated`]).

pub mod envelope;
pub mod event;
pub mod notification;
pub mod system;
pub mod task;
pub mod ticket;
pub mod user;
pub mod vacancy;

pub use envelope::Envelope;
pub use event::{Draft, Event, ReadError};
