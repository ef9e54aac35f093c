//! A user.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Email, Name, PasswordHash};

/// A user's id, a UUIDv7: later users have greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a user may do beyond its own affairs: the words of a token's `scope`, separated by spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The word that stands for seeing and changing every user.
    pub const ADMIN: &'static str = "admin";

    /// The scope of an administrator.
    pub fn admin() -> Self {
        Self(Self::ADMIN.to_owned())
    }

    /// Takes stored words over.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// Whether `word` is one of its words.
    pub fn contains(&self, word: &str) -> bool {
        self.0.split(' ').any(|own| own == word)
    }

    /// The words as a token has them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A registered user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Where it is reached and how it logs in; no two users have the same.
    pub email: Email,
    /// What it is called.
    pub name: Name,
    /// What its password is checked against.
    pub password_hash: PasswordHash,
    /// What it may do.
    pub scope: Scope,
    /// When it registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// 1 at first, and one more with each change.
    pub version: i64,
}

impl User {
    /// Notes that it changes, at `now`.
    pub fn changes(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}
