//! Refresh tokens: used once, each giving the next.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Secret, UserId};

/// A refresh token as the client holds it.
#[derive(Debug, Clone)]
pub struct RefreshToken(pub Secret<String>);

/// SHA-256 of a refresh token: all that is kept. The tokens are random, so it needs no salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshTokenHash(pub [u8; 32]);

/// A login, and every refresh token that descends from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyId(pub Uuid);

/// What is known of a refresh token that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// The login it descends from.
    pub family: FamilyId,
    /// Whose login that is.
    pub user: UserId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was rotated already.
    pub used: bool,
    /// Whether its family was revoked.
    pub revoked: bool,
}

/// What is to be done about a refresh token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Use it up and give the next.
    Rotate,
    /// Refuse it.
    Refuse,
    /// Refuse it and revoke its family: someone has a copy, and nobody can tell who.
    Revoke,
}

impl StoredRefreshToken {
    /// Judges it at `now`.
    pub fn judge(&self, now: Timestamp) -> Verdict {
        if self.revoked {
            Verdict::Refuse
        } else if self.used {
            // Before the expiry: that a copy is about is worth knowing however old it is.
            Verdict::Revoke
        } else if self.expires_at <= now {
            Verdict::Refuse
        } else {
            Verdict::Rotate
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse_weighs_more_than_expiry_and_revocation_most() {
        fn check(used: bool, revoked: bool, expires_in: i64, expected: Verdict) {
            let now = Timestamp::from_second(1_000).unwrap();
            let token = StoredRefreshToken {
                family: FamilyId(Uuid::nil()),
                user: UserId(Uuid::nil()),
                expires_at: Timestamp::from_second(1_000 + expires_in).unwrap(),
                used,
                revoked,
            };
            assert_eq!(token.judge(now), expected, "{token:?}");
        }
        check(false, false, 1, Verdict::Rotate);
        check(false, false, 0, Verdict::Refuse);
        check(true, false, 1, Verdict::Revoke);
        check(true, false, -1, Verdict::Revoke);
        check(true, true, 1, Verdict::Refuse);
        check(false, true, 1, Verdict::Refuse);
    }
}
