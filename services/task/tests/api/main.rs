//! The service's routes on a real SQLite file, told as its users meet them, and the events that a
//! consumer on the same bus gets.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod categories;
mod events;
mod idempotency;
mod limits;
mod openapi;
mod support;
mod tasks;
mod versions;
