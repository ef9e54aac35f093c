//! Texts that people write, within their bounds. Lengths are in characters (Unicode scalar values).

/// Why a text cannot be used: what it must be instead, as the rest of a sentence that begins with the
/// field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

/// What is to be done: 1 to 200 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// What is to be said of it: up to 10,000 characters on any number of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description(String);

/// What a category is called: 1 to 100 characters on one line. Two names are the same when every
/// character is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryName(String);

impl Title {
    /// The longest.
    pub const MAX_CHARS: usize = 200;

    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let fault = InvalidText("must be 1 to 200 characters, without control characters");
        line(text, Self::MAX_CHARS).map(Self).ok_or(fault)
    }

    /// The title.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CategoryName {
    /// The longest.
    pub const MAX_CHARS: usize = 100;

    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let fault = InvalidText("must be 1 to 100 characters, without control characters");
        line(text, Self::MAX_CHARS).map(Self).ok_or(fault)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    /// The longest.
    pub const MAX_CHARS: usize = 10_000;

    /// Parses it, exactly as it is written.
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        let fault = InvalidText("must be at most 10,000 characters, without control characters but tabs and line ends");
        let layout = |c| matches!(c, '\t' | '\n' | '\r');
        let printable = text.chars().all(|c| layout(c) || !c.is_control());
        if printable && fits(&text, Self::MAX_CHARS) { Ok(Self(text)) } else { Err(fault) }
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A trimmed line of 1 to `most` characters. The two separators count as controls: what shows the text
/// elsewhere may break the line there.
fn line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let good = !text.is_empty() && fits(text, most) && !text.chars().any(breaks);
    good.then(|| text.to_owned())
}

/// Whether it has at most `most` characters; a much longer text is not counted to its end.
fn fits(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_a_line_of_1_to_200_characters() {
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(Title::parse(text).ok().as_ref().map(Title::as_str), expected, "{text:?}");
        }
        check("Buy milk", Some("Buy milk"));
        check("  Buy milk ", Some("Buy milk"));
        check("牛乳を買う 🥛", Some("牛乳を買う 🥛"));
        check("'); DROP TABLE tasks;--", Some("'); DROP TABLE tasks;--"));
        check(&"ä".repeat(200), Some(&"ä".repeat(200)));
        check(&"ä".repeat(201), None);
        for bad in ["", "   ", "a\nb", "a\r\nBcc: b", "a\0b", "a\u{7f}b", "a\u{85}b", "a\u{2028}b"] {
            check(bad, None);
        }
    }

    #[test]
    fn a_description_has_lines_and_a_bound() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Description::parse(text.to_owned()).is_ok(), valid, "{:?}", text.chars().take(9));
        }
        check("", true);
        check(" one\r\n\ttwo\n", true);
        check(&"ä".repeat(10_000), true);
        check(&"ä".repeat(10_001), false);
        // PostgreSQL's text cannot hold it.
        check("a\0b", false);
        check("a\u{1b}[2Jb", false);
    }

    #[test]
    fn a_category_name_is_a_line_of_1_to_100_characters() {
        assert_eq!(CategoryName::parse(" Home ").unwrap().as_str(), "Home");
        assert!(CategoryName::parse(&"x".repeat(100)).is_ok());
        for bad in ["", " ", "a\tb", "x".repeat(101).as_str()] {
            assert!(CategoryName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
