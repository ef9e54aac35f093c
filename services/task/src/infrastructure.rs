//! The ports' implementation: a store for both databases.

pub mod sql;
