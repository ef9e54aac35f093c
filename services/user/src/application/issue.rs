//! What a login and a refresh have in common: a pair of tokens.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::ports::Transaction;
use super::{Application, Error};
use crate::domain::refresh_token::FamilyId;
use crate::domain::{Claims, RefreshToken, User};

/// What a client gets.
#[derive(Debug)]
pub struct Tokens {
    /// A JWT.
    pub access_token: String,
    /// Good for one refresh.
    pub refresh_token: RefreshToken,
    /// The access token's life.
    pub expires_in: SignedDuration,
}

impl Application {
    /// Signs an access token and adds a refresh token to `family`. The caller commits.
    pub(super) async fn issue(
        &self,
        transaction: &mut dyn Transaction,
        user: &User,
        family: FamilyId,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let expires_in = self.lifetimes.access_token;
        // A token counts whole seconds.
        let issued_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let claims = Claims {
            subject: user.id,
            email: user.email.clone(),
            scope: user.scope.clone(),
            issued_at,
            expires_at: later(issued_at, expires_in),
            token_id: Uuid::now_v7().to_string(),
        };
        let ring = self.ring();
        let key = ring.active(now).ok_or_else(|| internal("no signing key is active"))?;
        let access_token = self.crypto.sign(key, &claims).map_err(internal)?;
        let refresh_token = self.crypto.refresh_token().map_err(internal)?;
        let hash = self.crypto.hash_refresh_token(refresh_token.0.expose());
        let expires_at = later(now, self.lifetimes.refresh_token);
        transaction.insert_refresh_token(&hash, family, expires_at).await?;
        Ok(Tokens { access_token, refresh_token, expires_in })
    }
}

pub(super) fn internal(cause: impl Into<String>) -> Error {
    Error::Internal(cause.into())
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}
