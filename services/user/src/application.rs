//! The use cases, a file each. Those that change something run in one [`ports::Transaction`];
//! the events that tell of the change are written to the same one.

pub mod caller;
pub mod error;
pub mod ports;

mod admin;
mod events;
mod get_user;
mod issue;
mod keys;
mod list_users;
mod login;
mod purge;
mod refresh;
mod register;
mod update_user;
mod verify;

pub use admin::Admin;
pub use caller::Caller;
pub use error::Error;
pub use issue::Tokens;
pub use register::Registration;
pub use update_user::Update;

use std::sync::{Arc, RwLock};

use jiff::SignedDuration;
use kit::Clock;

use crate::domain::{KeyRing, RotationPolicy};
use ports::{PasswordHasher, Store, TokenCrypto};

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Of an access token: whole seconds.
    pub access_token: SignedDuration,
    /// Of a refresh token that is not used.
    pub refresh_token: SignedDuration,
    /// Of signing keys.
    pub rotation: RotationPolicy,
}

/// The use cases over their ports.
pub struct Application {
    store: Arc<dyn Store>,
    hasher: Arc<dyn PasswordHasher>,
    crypto: Arc<dyn TokenCrypto>,
    clock: Arc<dyn Clock>,
    lifetimes: Lifetimes,
    /// What the store held when last asked. Keys are published long before they sign, so that a
    /// copy some seconds old is as good as the store.
    ring: RwLock<Arc<KeyRing>>,
}

impl Application {
    /// Over these ports, with an empty key ring: [`Application::maintain_keys`] comes first.
    pub fn new(
        store: Arc<dyn Store>,
        hasher: Arc<dyn PasswordHasher>,
        crypto: Arc<dyn TokenCrypto>,
        clock: Arc<dyn Clock>,
        lifetimes: Lifetimes,
    ) -> Self {
        Self { store, hasher, crypto, clock, lifetimes, ring: RwLock::default() }
    }
}
