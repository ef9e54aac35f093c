//! The ports' implementations: the database, argon2 and Ed25519.

pub mod argon2;
pub mod jwt;
pub mod sql;

#[cfg(test)]
mod store_contract;
