//! What a token claims (RFC 7519 §4.1), with the types that it has to have.
use std::borrow::Cow;

use smallvec::SmallVec;

use super::{
    json::{Walk, text},
    members::Members,
};
use crate::TokenFault;

/// The members of a token's payload.
#[derive(Debug)]
pub struct Claims<'t>(pub(super) Members<'t>);

/// Nearly always one.
type Strings<'t> = SmallVec<[Cow<'t, str>; 2]>;

/// When a token is good, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Times {
    pub(super) expires: f64,
    pub(super) not_before: Option<f64>,
    pub(super) issued: Option<f64>,
}

impl<'t> Claims<'t> {
    /// `iss`, which has to be a string.
    pub fn issuer(&self) -> Result<Option<Cow<'t, str>>, TokenFault> {
        self.0.text("iss")
    }

    /// `exp`, which has to be there, `nbf` and `iat`: numbers, perhaps with a fraction.
    pub(super) fn times(&self) -> Result<Times, TokenFault> {
        let time = |name| self.0.get(name).map(|json| number(json).ok_or(TokenFault::Malformed)).transpose();
        Ok(Times {
            expires: time("exp")?.ok_or(TokenFault::Malformed)?,
            not_before: time("nbf")?,
            issued: time("iat")?,
        })
    }

    /// `aud`: a string, or a list of them.
    pub(super) fn audience(&self) -> Result<Strings<'t>, TokenFault> {
        self.0.get("aud").map_or(Ok(Strings::new()), |json| strings(json).ok_or(TokenFault::Malformed))
    }

    /// `scope`: a string with spaces between scopes (RFC 8693 §4.2), or a list of them.
    pub(super) fn scopes(&self) -> Result<Vec<Box<str>>, TokenFault> {
        let Some(json) = self.0.get("scope") else { return Ok(Vec::new()) };
        let scopes = strings(json).ok_or(TokenFault::Malformed)?;
        Ok(scopes.iter().flat_map(|text| text.split(' ')).filter(|scope| !scope.is_empty()).map(Into::into).collect())
    }

    /// A claim as text: a string, a number as the token has it, `true` or `false`, or a list of strings with spaces
    /// between them. `null` is as good as nothing; anything else has no text.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'t, str>>, TokenFault> {
        let Some(json) = self.0.get(name) else { return Ok(None) };
        match json.as_bytes()[0] {
            b'n' => Ok(None),
            b'[' => Ok(Some(strings(json).ok_or(TokenFault::Malformed)?.join(" ").into())),
            b'{' => Err(TokenFault::Malformed),
            b'"' => text(json).map(Some).ok_or(TokenFault::Malformed),
            _ => Ok(Some(Cow::Borrowed(json))),
        }
    }
}

/// A JSON number that is finite: `1e400` is not.
fn number(json: &str) -> Option<f64> {
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    json.parse().ok().filter(|number: &f64| is_number && number.is_finite())
}

/// A JSON string, or a list of nothing but strings.
fn strings(json: &str) -> Option<Strings<'_>> {
    let mut strings = Strings::new();
    if json.starts_with('[') {
        Walk::new(json).all(b'[', b']', |walk| {
            strings.push(text(walk.value()?)?);
            Some(())
        })?;
    } else {
        strings.push(text(json)?);
    }
    Some(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims<'_> {
        Claims(Members::parse(json.as_bytes()).expect("an object"))
    }

    #[test]
    fn times_are_finite_numbers() {
        let times = |expires, not_before, issued| Ok(Times { expires, not_before, issued });
        for (json, expected) in [
            (r#"{"exp":1.5}"#, times(1.5, None, None)),
            (r#"{"exp":17e8,"nbf":-1,"iat":0}"#, times(1.7e9, Some(-1.0), Some(0.0))),
            ("{}", Err(TokenFault::Malformed)),
            (r#"{"exp":null}"#, Err(TokenFault::Malformed)),
            (r#"{"exp":"1"}"#, Err(TokenFault::Malformed)),
            (r#"{"exp":1e400}"#, Err(TokenFault::Malformed)),
            (r#"{"exp":-1e400}"#, Err(TokenFault::Malformed)),
            (r#"{"exp":1,"nbf":"0"}"#, Err(TokenFault::Malformed)),
            (r#"{"exp":1,"iat":[1]}"#, Err(TokenFault::Malformed)),
        ] {
            assert_eq!(claims(json).times(), expected, "{json}");
        }
    }

    #[test]
    fn a_claim_becomes_text() {
        for (json, expected) in [
            (r#""a b""#, Ok(Some("a b"))),
            (r#""a\u0062""#, Ok(Some("ab"))),
            ("17", Ok(Some("17"))),
            ("1.50", Ok(Some("1.50"))),
            ("true", Ok(Some("true"))),
            ("null", Ok(None)),
            (r#"["a","b"]"#, Ok(Some("a b"))),
            ("[]", Ok(Some(""))),
            ("[1]", Err(TokenFault::Malformed)),
            (r#"{"a":1}"#, Err(TokenFault::Malformed)),
        ] {
            let json = format!(r#"{{"c":{json}}}"#);
            let claims = claims(&json);
            let found = claims.text("c");
            assert_eq!(found.as_ref().map(|text| text.as_deref()).map_err(|fault| *fault), expected, "{json}");
        }
    }

    #[test]
    fn scopes_are_words_or_a_list() {
        for (json, expected) in [
            ("{}", Ok(vec![])),
            (r#"{"scope":""}"#, Ok(vec![])),
            (r#"{"scope":"a  b"}"#, Ok(vec!["a", "b"])),
            (r#"{"scope":["a","b"]}"#, Ok(vec!["a", "b"])),
            (r#"{"scope":1}"#, Err(TokenFault::Malformed)),
            (r#"{"scope":["a",1]}"#, Err(TokenFault::Malformed)),
        ] {
            let found = claims(json).scopes();
            let expected = expected.map(|scopes| scopes.into_iter().map(Box::from).collect::<Vec<Box<str>>>());
            assert_eq!(found, expected, "{json}");
        }
    }
}
