//! Command: a refresh token becomes the next pair of tokens.

use super::{Application, Error, Tokens};
use crate::domain::Secret;
use crate::domain::refresh_token::Verdict;

impl Application {
    /// Uses the token up and gives the next pair, with the user's present e-mail and scope.
    ///
    /// One that was used before revokes its whole family: either the thief or the owner holds a
    /// copy, and both have to log in again. All of it is one transaction, so that of two that
    /// present the same token at once one succeeds and the other counts as reuse.
    /// [`Error::RefreshToken`] for every kind of token that is no good.
    pub async fn refresh(&self, presented: &Secret<String>) -> Result<Tokens, Error> {
        let now = self.clock.now();
        let hash = self.crypto.hash_refresh_token(presented.expose());
        let mut transaction = self.store.begin().await?;
        let stored = transaction.refresh_token(&hash).await?.ok_or(Error::RefreshToken)?;
        match stored.judge(now) {
            Verdict::Refuse => Err(Error::RefreshToken),
            Verdict::Revoke => {
                transaction.revoke_family(stored.family, now).await?;
                transaction.commit().await?;
                tracing::warn!(user = %stored.user, "refresh token reused: its family is revoked");
                Err(Error::RefreshToken)
            }
            Verdict::Rotate => {
                let user = transaction.user(stored.user).await?.ok_or(Error::RefreshToken)?;
                transaction.use_refresh_token(&hash, now).await?;
                let tokens = self.issue(&mut *transaction, &user, stored.family, now).await?;
                transaction.commit().await?;
                Ok(tokens)
            }
        }
    }
}
