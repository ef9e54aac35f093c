//! Values and rules. Plain: no async, no HTTP, no SQL, no serialisation, no clock.
//!
//! A value that exists is valid: it was parsed at the edge.

pub mod claims;
pub mod email;
pub mod name;
pub mod password;
pub mod refresh_token;
pub mod secret;
pub mod signing_key;
pub mod user;

pub use claims::{Claims, TokenFault};
pub use email::Email;
pub use name::Name;
pub use password::{Password, PasswordHash};
pub use refresh_token::{RefreshToken, RefreshTokenHash};
pub use secret::Secret;
pub use signing_key::{KeyRing, RotationPolicy, SigningKey};
pub use user::{Scope, User, UserId};
