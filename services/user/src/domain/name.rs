//! Names of people.

/// The longest name, in characters.
const MAX_CHARS: usize = 100;

/// What a person is called: 1 to 100 characters of any script, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 100 characters, without control characters")]
pub struct InvalidName;

impl Name {
    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        let length = text.chars().take(MAX_CHARS + 1).count();
        if (1..=MAX_CHARS).contains(&length) && !text.chars().any(is_unprintable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Controls, and the marks that turn the direction of what follows: with them a name can make a
/// list of names read as something else.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Name::parse(text).is_ok(), valid, "{text:?}");
        }
        check("Ada Lovelace", true);
        check("Åsa Ødegård", true);
        check("山田 太郎", true);
        check("Robert'); DROP TABLE users;--", true);
        check(&"ä".repeat(100), true);
        check(&"ä".repeat(101), false);
        check("", false);
        check("   ", false);
        check("a\nb", false);
        check("a\0b", false);
        check("a\u{202e}b", false);
    }
}
