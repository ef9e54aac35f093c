//! What else a request must have: header fields and query parameters.
use http::{HeaderMap, HeaderName};

use super::{PatternFault, pattern::Anchored};

#[cfg(test)]
mod tests;

/// A header field that a request must have. Of several fields of that name, one that holds is enough.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderCondition {
    pub(super) name: HeaderName,
    pub(super) value: Expected,
}

/// A query parameter that a request must have. Of several of that name, one that holds is enough.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryCondition {
    pub(super) name: Box<str>,
    pub(super) value: Expected,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// This text, byte by byte.
    Text(Box<str>),
    /// `~…`: what matches this as a whole.
    Regex(Anchored),
    /// `*`: anything, also nothing.
    Present,
}

impl HeaderCondition {
    /// Reads a condition: `value` is the exact value, `*` for any, or `~` and a regular expression that is anchored to
    /// the whole value. (A value that is `*` or begins with `~` is written as an expression: `~\*`.)
    ///
    /// Ranges of faults are into `value`; they cover all of it when the name is at fault.
    pub fn parse(name: &str, value: &str) -> Result<Self, PatternFault> {
        let Ok(name) = HeaderName::try_from(name) else {
            let message = format!("`{}` is not the name of a header field", name.escape_debug());
            return Err(PatternFault::new(0..value.len(), message));
        };
        if let Some((at, bad)) = value.char_indices().find(|(_, character)| character.is_control()) {
            let message = "a header field holds no control character";
            return Err(PatternFault::new(at..at + bad.len_utf8(), message));
        }
        Ok(Self { name, value: Expected::parse(value)? })
    }

    pub(super) fn holds(&self, headers: &HeaderMap) -> bool {
        headers.get_all(&self.name).iter().any(|value| self.value.holds(value.as_bytes()))
    }
}

impl QueryCondition {
    /// Reads a condition; `value` is as in [`HeaderCondition::parse`]. Name and value are compared with what the
    /// request's decode to, as HTML forms are (`%41` is `A`, `+` is a space); `?debug` has the empty value.
    ///
    /// Ranges of faults are into `value`; they cover all of it when the name is at fault.
    pub fn parse(name: &str, value: &str) -> Result<Self, PatternFault> {
        if name.is_empty() {
            return Err(PatternFault::new(0..value.len(), "a query parameter has a name"));
        }
        Ok(Self { name: name.into(), value: Expected::parse(value)? })
    }

    pub(super) fn holds(&self, query: Option<&str>) -> bool {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.any(|(name, value)| decoded(name).eq(self.name.bytes()) && self.value.holds_decoded(value))
    }
}

impl Expected {
    fn parse(text: &str) -> Result<Self, PatternFault> {
        Ok(match text.strip_prefix('~') {
            Some(regex) => Self::Regex(Anchored::parse(regex).map_err(|fault| fault.moved(1))?),
            None if text == "*" => Self::Present,
            None => Self::Text(text.into()),
        })
    }

    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Text(text) => text.as_bytes() == value,
            Self::Regex(regex) => regex.is_match(value),
            Self::Present => true,
        }
    }

    fn holds_decoded(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => decoded(value).eq(text.bytes()),
            Self::Regex(regex) => regex.is_match(&decoded(value).collect::<Vec<_>>()),
            Self::Present => true,
        }
    }

    /// Whether every value that `narrower` takes is taken by this one too; false where that is not known.
    pub(super) fn covers(&self, narrower: &Self) -> bool {
        match (self, narrower) {
            (Self::Present, _) => true,
            (Self::Text(mine), Self::Text(other)) => mine == other,
            (Self::Regex(regex), Self::Text(text)) => regex.is_match(text.as_bytes()),
            (Self::Regex(mine), Self::Regex(other)) => mine.text() == other.text(),
            (Self::Text(_) | Self::Regex(_), _) => false,
        }
    }
}

/// The bytes of a part of a query, as `application/x-www-form-urlencoded` means them; a `%` that begins no escape is
/// itself, since the query passes as it is and is nobody's fault here.
fn decoded(text: &str) -> impl Iterator<Item = u8> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'+', _, _) => Some(b' '),
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                u8::try_from(high << 4 | low).ok()
            }
            _ => Some(first),
        }
    })
}
