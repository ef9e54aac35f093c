//! The service's routes on a real SQLite file, before the real stock in the same process.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod clients;
mod crash;
mod forget;
mod keys;
mod purchase;
mod sale;
mod stock;
mod support;
