//! The whole system, in both modes: the real binaries with the shipped gateway.toml, and one text of each proof.
//!
//! `cargo test -p e2e --test system monolith` runs those of one mode.

mod api;
mod buyers;
mod config;
mod crash;
mod docs;
mod operations;
mod refund;
mod restart;
mod story;
mod support;
