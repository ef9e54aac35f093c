//! The binary as an operator meets it: its line, its signals, its exit codes, and what is left when it
//! is killed.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod kill;
mod life;
mod storage;
mod support;
