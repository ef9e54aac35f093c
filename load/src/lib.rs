//! The load test behind `cargo xtask load`: virtual users go through a story against the running system.
//!
//! ```text
//! mix        what is asked: the steps of a story, read from TOML, all faults at once
//! schedule   when: arrivals at a rate, known before the run and never moved by an answer
//! user       one virtual user: which step is next, and what earlier answers have told it
//! client     one request and what came of it
//! run        hands each arrival to a user at its time
//! record     histograms of what came back, in whole and over time
//! progress, table, report, verdict    what a human sees of it
//! ```
//!
//! **Open loop.** A latency begins at the instant at which its step was *due*, not at the one at which it was sent. A
//! server that stalls delays what is sent (a user waits for its earlier answer, as a person does), but not what is
//! due, so the stall shows in every latency that it caused: there is no coordinated omission.

pub mod client;
pub mod mix;
pub mod progress;
pub mod record;
pub mod report;
pub mod run;
pub mod schedule;
pub mod table;
pub mod units;
pub mod user;
pub mod verdict;
