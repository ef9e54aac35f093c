//! What the ports are made of.

pub mod sql;
