//! What the ports are made of.

pub mod remote;
pub mod sql;
