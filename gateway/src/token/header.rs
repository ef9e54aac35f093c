//! What a token's header asks for (RFC 7515 §4.1).
use std::rc::Rc;

use super::{
    compact::{decode, room},
    members::Members,
};
use crate::{TokenFault, config::Algorithm};

/// How a token is signed.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    /// Only ever compared with the keys that are known. Where a token says its key is (`jku`, `x5u`, `jwk`, `x5c`) is
    /// not even looked at.
    pub(super) kid: Option<Box<str>>,
}

/// The header that was read last: all tokens of an issuer have the same one until its key changes. What a header says
/// follows from its letters alone, so it may be remembered though nothing of it is proved.
#[derive(Debug, Default)]
pub struct LastHeader(Option<(Box<str>, Rc<Header>)>);

impl LastHeader {
    /// Reads a header in base64url.
    pub(super) fn read(&mut self, text: &str) -> Result<Rc<Header>, TokenFault> {
        if let Some((known, header)) = &self.0
            && **known == *text
        {
            return Ok(Rc::clone(header));
        }
        let mut json = vec![0; room(text)];
        let length = decode(text, &mut json)?;
        let header = Rc::new(Header::parse(&json[..length])?);
        self.0 = Some((text.into(), Rc::clone(&header)));
        Ok(header)
    }
}

impl Header {
    /// [`TokenFault::Malformed`] for what is no header, or asks for extensions that must be understood (`crit`, RFC 7515
    /// §4.1.11: there is none that is); [`TokenFault::Algorithm`] for `none`, and all else that no issuer may sign with.
    fn parse(json: &[u8]) -> Result<Self, TokenFault> {
        let members = Members::parse(json).ok_or(TokenFault::Malformed)?;
        if members.get("crit").is_some() {
            return Err(TokenFault::Malformed);
        }
        let algorithm = members.text("alg")?.ok_or(TokenFault::Malformed)?;
        let algorithm = Algorithm::of_name(&algorithm).ok_or(TokenFault::Algorithm)?;
        Ok(Self { algorithm, kid: members.text("kid")?.map(Into::into) })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_remembered_header_stands_for_its_own_letters_alone() {
        let mut last = LastHeader::default();
        let mut read = |json: &str| last.read(&URL_SAFE_NO_PAD.encode(json));
        let (a, b) = (r#"{"alg":"HS256","kid":"a"}"#, r#"{"alg":"HS256","kid":"b"}"#);
        let first = read(a).unwrap();
        assert!(Rc::ptr_eq(&first, &read(a).unwrap()), "it is not read twice");
        assert_eq!(read(b).unwrap().kid.as_deref(), Some("b"));
        assert_eq!(read(a).unwrap().kid.as_deref(), Some("a"));
        for (bad, fault) in [
            (r#"{"alg":"none","kid":"a"}"#, TokenFault::Algorithm),
            (r#"{"alg":"HS256","kid":"a","crit":[]}"#, TokenFault::Malformed),
            (&a[..a.len() - 1], TokenFault::Malformed),
            ("", TokenFault::Malformed),
        ] {
            for _ in 0..2 {
                assert_eq!(read(bad).map(drop).unwrap_err(), fault, "{bad}");
            }
            assert_eq!(read(a).unwrap().kid.as_deref(), Some("a"));
        }
    }
}
