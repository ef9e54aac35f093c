//! Tokens: a JWT (RFC 7519) in a compact JWS (RFC 7515). Pure: what time it is and which keys there are is told.
//!
//! A token is read ([`Token::read`], [`Token::claims`]), its `iss` picks an [`Issuer`], and [`Issuer::verify`] says who
//! calls, by that issuer's [`KeySet`]. The [`Cache`] remembers whom it has told.
mod cache;
mod claims;
mod compact;
mod header;
mod identity;
mod issuer;
mod json;
mod keys;
mod members;

pub use cache::{Cache, Known};
pub use claims::Claims;
pub use compact::{MAX_TOKEN, Token};
pub use header::LastHeader;
pub use issuer::{Issuer, Verified};
pub use keys::KeySet;
