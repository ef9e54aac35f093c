//! What a notification says.

/// The longest subject and message, in characters.
const MAX_SUBJECT: usize = 200;
const MAX_MESSAGE: usize = 10_000;

/// A line: 1 to 200 characters, none of them a control or a mark that turns the direction of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// Why a text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 200 characters, without control characters")]
pub struct InvalidSubject;

impl Subject {
    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        let text = text.trim();
        let valid = fits(text, MAX_SUBJECT) && !text.chars().any(breaks_a_line);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidSubject) }
    }

    /// Makes one of what another service wrote: what cannot stand in it is left out, the rest cut at its
    /// longest. `text` begins with words of our own, so that something is left.
    pub(super) fn cut(text: &str) -> Self {
        Self(text.chars().filter(|c| !breaks_a_line(*c)).take(MAX_SUBJECT).collect())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text: 1 to 10,000 characters; of the controls only line ends and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(String);

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 10000 characters, without control characters but line ends and tabs")]
pub struct InvalidMessage;

impl Message {
    /// Parses it; it is kept as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidMessage> {
        let valid = fits(text, MAX_MESSAGE) && !text.trim().is_empty() && !text.chars().any(is_no_text);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidMessage) }
    }

    /// As [`Subject::cut`].
    pub(super) fn cut(text: &str) -> Self {
        Self(text.chars().filter(|c| !is_no_text(*c)).take(MAX_MESSAGE).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().take(most + 1).count())
}

fn is_no_text(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Controls end a header line or hide what follows; direction marks make it read as something else.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_one_line() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Subject::parse(text).is_ok(), valid, "{text:?}");
        }
        check("Grüße", true);
        check(&"ä".repeat(200), true);
        check(&"ä".repeat(201), false);
        check(" ", false);
        check("Hi\r\nBcc: eve@example.com", false);
        check("a\0b", false);
        check("a\u{202e}b", false);
    }

    #[test]
    fn messages_are_bounded_text() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Message::parse(text).is_ok(), valid, "{text:?}");
        }
        check("Dear Ada,\r\n\tall is well.\n", true);
        check(&"ä".repeat(10_000), true);
        check(&"ä".repeat(10_001), false);
        check("", false);
        check(" \n", false);
        check("a\0b", false);
    }

    #[test]
    fn what_others_wrote_is_made_to_fit() {
        assert_eq!(Subject::cut("Done: a\0\nb").as_str(), "Done: ab");
        assert!(Subject::parse(Subject::cut(&"x".repeat(500)).as_str()).is_ok());
        assert_eq!(Message::cut("a\0\nb").as_str(), "a\nb");
        assert!(Message::parse(Message::cut(&"x".repeat(20_000)).as_str()).is_ok());
    }
}
