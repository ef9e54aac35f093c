//! The service's routes on a real SQLite file, told as its users meet them.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod events;
mod idempotency;
mod keys;
mod limits;
mod openapi;
mod sessions;
mod support;
mod users;
mod versions;
