//! Who asks, and what that allows.

use super::Error;
use crate::domain::{Claims, Scope, UserId};

/// A caller whose identity was proved, by its token or by the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub id: UserId,
    /// What it may do.
    pub scope: Scope,
}

impl Caller {
    /// Passes administrators.
    pub fn require_admin(&self) -> Result<(), Error> {
        if self.scope.contains(Scope::ADMIN) { Ok(()) } else { Err(Error::AdminOnly) }
    }

    /// Passes `user` itself and administrators. Everyone else learns nothing, not even whether
    /// there is such a user.
    pub fn require_self_or_admin(&self, user: UserId) -> Result<(), Error> {
        let allowed = self.id == user || self.scope.contains(Scope::ADMIN);
        if allowed { Ok(()) } else { Err(Error::NotYours) }
    }
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        Self { id: claims.subject, scope: claims.scope }
    }
}
