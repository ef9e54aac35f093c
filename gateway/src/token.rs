//! Tokens: a JWT (RFC 7519) in a compact JWS (RFC 7515). Pure: what time it is and which keys there are is told.
//!
//! A token is read ([`Token::read`], [`Token::claims`]), its `iss` picks an [`Issuer`], and [`Issuer::verify`] says who
//! calls, by that issuer's [`KeySet`]. The [`Cache`] remembers whom it has told.
mod cache;
mod claims;
mod compact;
mod identity;
mod issuer;
mod keys;
mod members;

pub use cache::Cache;
pub use claims::Claims;
pub use compact::{MAX_TOKEN, Token};
pub use issuer::{Issuer, Verified};
pub use keys::KeySet;
