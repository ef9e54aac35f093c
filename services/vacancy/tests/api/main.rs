//! The service's routes on a real SQLite file, told as its callers meet them.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod cache;
mod callers;
mod concurrent;
mod events;
mod forget;
mod stock;
mod support;
