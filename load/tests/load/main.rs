//! The load test itself under test: against a server of this test, on loopback.

#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod binary;
mod ends;
mod open_loop;
mod report;
mod server;
mod story;
