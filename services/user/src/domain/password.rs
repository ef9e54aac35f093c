//! Passwords and what is kept of them.

use super::Secret;

/// A password that may be registered: 8 to 128 characters of any kind.
#[derive(Debug, Clone)]
pub struct Password(Secret<String>);

/// Why a text may not be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 8 to 128 characters")]
pub struct InvalidPassword;

impl Password {
    /// Checks the length, in characters; nothing is trimmed.
    pub fn parse(text: Secret<String>) -> Result<Self, InvalidPassword> {
        let length = text.expose().chars().take(129).count();
        if (8..=128).contains(&length) { Ok(Self(text)) } else { Err(InvalidPassword) }
    }

    /// The password, for hashing.
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

/// A password's hash in PHC form (`$argon2id$…`): as secret as the password of a weak one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(Secret<String>);

impl PasswordHash {
    /// Takes a PHC string over, unchecked: verifying one that is malformed fails.
    pub fn new(phc: String) -> Self {
        Self(Secret::new(phc))
    }

    /// The PHC string.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Password::parse(Secret::new(text.into())).is_ok(), valid, "{text:?}");
        }
        check("1234567", false);
        check("12345678", true);
        check("äöüäöüäö", true);
        check(&"ä".repeat(128), true);
        check(&"a".repeat(129), false);
    }

    #[test]
    fn debug_output_is_silent() {
        let password = Password::parse(Secret::new("correct horse".into())).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        assert!(!format!("{:?}", PasswordHash::new("$argon2id$x".into())).contains("argon"));
    }
}
