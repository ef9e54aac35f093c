//! The ports' implementations: SQLite, argon2 and Ed25519.

pub mod argon2;
pub mod jwt;
pub mod sqlite;

#[cfg(test)]
mod store_contract;
