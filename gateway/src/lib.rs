//! The gateway: a request walks down the module list once.
pub mod config;
pub mod route;
pub mod transform;
