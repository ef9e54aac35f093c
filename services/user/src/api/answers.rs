//! What answers hold.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::Tokens;
use crate::domain::claims::{AUDIENCE, ISSUER};
use crate::domain::{Claims, User};

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserBody {
    id: Uuid,
    email: String,
    name: String,
    /// When it registered, UTC.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.as_str().to_owned(),
            name: user.name.as_str().to_owned(),
            created_at: user.created_at,
        }
    }
}

/// An access token and the means to get the next (RFC 6749 section 5.1).
#[derive(Serialize, ToSchema)]
pub(super) struct TokensBody {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: i64,
}

impl From<Tokens> for TokensBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token.0.expose().clone(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
        }
    }
}

/// The claims of a verified token.
#[derive(Serialize, ToSchema)]
pub(super) struct ClaimsBody {
    iss: &'static str,
    aud: &'static str,
    sub: Uuid,
    email: String,
    scope: String,
    iat: i64,
    exp: i64,
    jti: String,
}

impl From<Claims> for ClaimsBody {
    fn from(claims: Claims) -> Self {
        Self {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: claims.subject.0,
            email: claims.email.as_str().to_owned(),
            scope: claims.scope.as_str().to_owned(),
            iat: claims.issued_at.as_second(),
            exp: claims.expires_at.as_second(),
            jti: claims.token_id,
        }
    }
}
