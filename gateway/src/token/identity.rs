//! From claims to what an upstream is told.
use std::borrow::Cow;

use http::HeaderName;
use smallvec::SmallVec;

use super::Claims;
use crate::{Identity, TokenFault};

const LINE_END: &[u8] = b"\r\n";

/// Which claims an issuer's tokens hand on.
#[derive(Debug)]
pub(super) struct Told {
    /// Claims, and the begin of their fields' lines: `x-user-id: `.
    fields: Vec<(Box<str>, Box<str>)>,
    /// Claims that limits count by.
    counted: Vec<Box<str>>,
}

impl Told {
    pub(super) fn new(claims: &[(String, HeaderName)], counted: &[Box<str>]) -> Self {
        let fields = claims.iter().map(|(claim, name)| (claim.as_str().into(), format!("{name}: ").into()));
        Self { fields: fields.collect(), counted: counted.to_vec() }
    }

    /// Who calls, with the fields ready for the wire. A claim that no field can hold makes the token worthless: what an
    /// upstream would be told is not what the issuer said.
    pub(super) fn identity(&self, claims: &Claims<'_>) -> Result<Identity, TokenFault> {
        let mut told: SmallVec<[(&str, Cow<'_, str>); 8]> = SmallVec::new();
        let mut length = 0;
        for (claim, begin) in &self.fields {
            let Some(text) = claims.text(claim)? else { continue };
            if !is_field_value(&text) {
                return Err(TokenFault::Malformed);
            }
            length += begin.len() + text.len() + LINE_END.len();
            told.push((begin, text));
        }
        // Of the one size that it needs: it becomes a box without being moved.
        let mut lines = Vec::with_capacity(length);
        for (begin, text) in &told {
            lines.extend_from_slice(begin.as_bytes());
            lines.extend_from_slice(text.as_bytes());
            lines.extend_from_slice(LINE_END);
        }
        let mut counted = Vec::new();
        for claim in &self.counted {
            if let Ok(Some(text)) = claims.text(claim) {
                counted.push((claim.clone(), text.as_ref().into()));
            }
        }
        Ok(Identity { lines: lines.into(), scopes: claims.scopes()?, claims: counted })
    }
}

/// RFC 9110 §5.5, with names of people as they are: characters of any language and spaces between them, but no control
/// character, and no space at an end, which would be lost on the way.
fn is_field_value(text: &str) -> bool {
    // Nearly all are plain ASCII, which is told byte by byte.
    let is_plain = || text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (is_plain() || !text.contains(char::is_control)) && !text.starts_with(' ') && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::{super::members::Members, *};

    fn check(json: &str, expected: Result<&str, TokenFault>) {
        let names = [("sub", "x-user-id"), ("n", "x-n")];
        let names = names.map(|(claim, name)| (claim.to_owned(), HeaderName::from_static(name)));
        let told = Told::new(&names, &["tier".into()]);
        let claims = Claims(Members::parse(json.as_bytes()).unwrap());
        let found = told.identity(&claims);
        let lines = found.as_ref().map(|identity| str::from_utf8(&identity.lines).unwrap()).map_err(|fault| *fault);
        assert_eq!(lines, expected, "{json}");
    }

    #[test]
    fn claims_become_lines_and_never_more_lines() {
        check("{}", Ok(""));
        check(r#"{"sub":"7","n":["a","b"],"x":1}"#, Ok("x-user-id: 7\r\nx-n: a b\r\n"));
        check(r#"{"sub":"José"}"#, Ok("x-user-id: José\r\n"));
        check(r#"{"sub":""}"#, Ok("x-user-id: \r\n"));
        for sub in [r"7\r\nx-user-scope: admin", r"7\n", r"\u0000", r"a\tb", r"\u0085", " admin", "admin "] {
            check(&format!(r#"{{"sub":"{sub}"}}"#), Err(TokenFault::Malformed));
        }
        check(r#"{"sub":{"id":7}}"#, Err(TokenFault::Malformed));
    }

    #[test]
    fn claims_that_limits_count_by_are_kept() {
        let told = Told::new(&[], &["tier".into(), "missing".into(), "odd".into()]);
        let claims = Claims(Members::parse(br#"{"tier":3,"odd":{}}"#).unwrap());
        let identity = told.identity(&claims).unwrap();
        assert_eq!(identity.claims, [("tier".into(), "3".into())]);
    }
}
