//! The adapters of the application's ports.

pub mod channels;
mod email;
pub mod secret;
pub mod sql;
pub mod webhook;

#[cfg(test)]
mod store_contract;

pub use email::{EmailChannel, SmtpSettings, Tls};
