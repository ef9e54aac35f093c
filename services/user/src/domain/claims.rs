//! What an access token says, and what can be wrong with one.

use jiff::Timestamp;

use super::{Email, Scope, UserId};

/// The `iss` of every token.
pub const ISSUER: &str = "user-service";
/// The `aud` of every token.
pub const AUDIENCE: &str = "api";

/// The claims of an access token, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: the user.
    pub subject: UserId,
    /// `email`, as it was when the token was made.
    pub email: Email,
    /// `scope`, likewise.
    pub scope: Scope,
    /// `iat`, whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, whole seconds: at this instant the token is no longer valid.
    pub expires_at: Timestamp,
    /// `jti`: the token's own id.
    pub token_id: String,
}

/// Why a token is not believed; the names are those that the gateway answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// No JWT, or claims of another shape.
    #[error("The token is malformed.")]
    Malformed,
    /// An algorithm other than EdDSA, `none` above all.
    #[error("The token's algorithm is not accepted.")]
    Algorithm,
    /// Signed by a key that is not, or no longer, published.
    #[error("The token's key is not known.")]
    UnknownKey,
    /// The signature is not that key's.
    #[error("The token's signature does not match.")]
    Signature,
    /// `exp` has come.
    #[error("The token has expired.")]
    Expired,
    /// Another `iss`.
    #[error("The token is of another issuer.")]
    Issuer,
    /// Another `aud`.
    #[error("The token is for another audience.")]
    Audience,
}
