//! Query: whether an access token is good, and what it says.

use super::{Application, Error};
use crate::domain::{Claims, SigningKey, TokenFault};

impl Application {
    /// The claims of a token that this service signed and that has not expired. [`Error::Token`].
    pub fn verify(&self, token: &str) -> Result<Claims, Error> {
        let now = self.clock.now();
        let ring = self.ring();
        let keys: Vec<&SigningKey> = ring.published(now).collect();
        let claims = self.crypto.verify(token, &keys)?;
        // No leeway: the clock that signed it is the one that looks at it.
        if claims.expires_at <= now {
            return Err(TokenFault::Expired.into());
        }
        Ok(claims)
    }
}
