//! What the project's own commands share: building, children that never outlive their parent, ports, signals and
//! just enough HTTP to ask whether something answers.
//!
//! The crate stays small on purpose, because `cargo xtask up` compiles it before anything else. What measures
//! (histograms, load, tables) lives in the `bench` crate, which builds on this one.

pub mod cargo;
pub mod child;
pub mod http;
pub mod interrupt;
pub mod options;
pub mod ports;
pub mod workspace;
