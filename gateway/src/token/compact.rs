//! A token's three parts (RFC 7515 §7.1).
use std::rc::Rc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use memchr::memchr;

use super::{
    Claims,
    header::{Header, LastHeader},
    members::Members,
};
use crate::TokenFault;

/// The longest token, in bytes; nothing of a longer one is looked at.
pub const MAX_TOKEN: usize = 8 * 1024;

/// A token that can be read. Nothing of it is proved.
#[derive(Debug)]
pub struct Token<'t> {
    /// Header and payload as they were signed.
    pub(super) signed: &'t [u8],
    pub(super) header: Rc<Header>,
    /// The payload and after it the signature, no longer in base64.
    decoded: Vec<u8>,
    payload: usize,
}

impl<'t> Token<'t> {
    /// Takes a token apart.
    ///
    /// [`TokenFault::Malformed`] for what is no token, or has extensions that must be understood (`crit`, RFC 7515
    /// §4.1.11: there is none that is); [`TokenFault::Algorithm`] for one signed in a way that no issuer may, `none`
    /// first of all.
    pub fn read(text: &'t str, last: &mut LastHeader) -> Result<Self, TokenFault> {
        if text.len() > MAX_TOKEN {
            return Err(TokenFault::Malformed);
        }
        let malformed = TokenFault::Malformed;
        let (header, rest) = split(text).ok_or(malformed)?;
        let (payload, signature) = split(rest).ok_or(malformed)?;
        let signed = &text.as_bytes()[..header.len() + 1 + payload.len()];
        if split(signature).is_some() {
            return Err(malformed);
        }
        let header = last.read(header)?;
        let mut decoded = vec![0; room(payload) + room(signature)];
        let payload = decode(payload, &mut decoded)?;
        let length = payload + decode(signature, &mut decoded[payload..])?;
        decoded.truncate(length);
        Ok(Self { signed, header, decoded, payload })
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.decoded[self.payload..]
    }

    /// What it claims; [`TokenFault::Malformed`] where that is no JSON object, or one with a name twice.
    pub fn claims(&self) -> Result<Claims<'_>, TokenFault> {
        Members::parse(&self.decoded[..self.payload]).map(Claims).ok_or(TokenFault::Malformed)
    }
}

/// What stands before and after the first dot.
fn split(text: &str) -> Option<(&str, &str)> {
    let dot = memchr(b'.', text.as_bytes())?;
    Some((text.get(..dot)?, text.get(dot + 1..)?))
}

/// The bytes that [`decode`] wants room for: three for each four letters that are begun.
pub(super) fn room(part: &str) -> usize {
    part.len().div_ceil(4) * 3
}

/// Base64url without padding, and without bits that are thrown away: two texts are never one token. How many bytes it is.
pub(super) fn decode(part: &str, into: &mut [u8]) -> Result<usize, TokenFault> {
    URL_SAFE_NO_PAD.decode_slice(part, into).map_err(|_| TokenFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Algorithm;

    fn encode(part: &str) -> String {
        URL_SAFE_NO_PAD.encode(part)
    }

    fn check(text: &str, expected: Result<(Algorithm, Option<&str>), TokenFault>) {
        let read = Token::read(text, &mut LastHeader::default());
        let found = read.as_ref().map(|token| (token.header.algorithm, token.header.kid.as_deref()));
        let found = found.map_err(|fault| *fault);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_header_asks_for_an_algorithm_and_a_key() {
        use TokenFault::{Algorithm as Alg, Malformed};
        for (header, expected) in [
            (r#"{"alg":"ES256"}"#, Ok((Algorithm::Es256, None))),
            (r#"{"typ":"JWT","alg":"HS256","kid":"a/../b' OR 1=1"}"#, Ok((Algorithm::Hs256, Some("a/../b' OR 1=1")))),
            (r#"{"alg":"EdDSA","kid":"1","jku":"http://x","x5u":"http://x"}"#, Ok((Algorithm::EdDsa, Some("1")))),
            (r#"{"alg":"none"}"#, Err(Alg)),
            (r#"{"alg":"nOnE"}"#, Err(Alg)),
            (r#"{"alg":""}"#, Err(Alg)),
            (r#"{"alg":"hs256"}"#, Err(Alg)),
            (r#"{"alg":"ES512"}"#, Err(Alg)),
            (r#"{"alg":null}"#, Err(Malformed)),
            (r#"{"alg":["HS256"]}"#, Err(Malformed)),
            ("{}", Err(Malformed)),
            (r#"{"alg":"HS256","crit":["exp"]}"#, Err(Malformed)),
            (r#"{"alg":"HS256","crit":[]}"#, Err(Malformed)),
            (r#"{"alg":"HS256","crit":null}"#, Err(Malformed)),
            (r#"{"alg":"HS256","alg":"HS256"}"#, Err(Malformed)),
            (r#"{"alg":"HS256","\u0061lg":"none"}"#, Err(Malformed)),
            (r#"{"alg":"HS256","kid":"1","kid":"2"}"#, Err(Malformed)),
            (r#"{"alg":"HS256","kid":7}"#, Err(Malformed)),
            (r#"{"alg":"HS256"}{}"#, Err(Malformed)),
            (r#"["HS256"]"#, Err(Malformed)),
            ("", Err(Malformed)),
        ] {
            check(&format!("{}.e30.", encode(header)), expected);
        }
    }

    #[test]
    fn a_token_has_three_parts_of_base64url() {
        let header = encode(r#"{"alg":"HS256"}"#);
        check(&format!("{header}.e30.AA"), Ok((Algorithm::Hs256, None)));
        for text in [
            String::new(),
            String::from("."),
            String::from(".."),
            String::from("abc"),
            format!("{header}.e30"),
            format!("{header}.e30.AA."),
            format!("{header}.e30.AA.AA.AA"),
            format!("{header}=.e30.AA"),
            format!("{header}.e30.A"),
            format!("{header}.e30.AB"),
            format!("{header}.e30.A+"),
            format!("{header}.e30.AA=="),
            format!("{header}.e3 0.AA"),
            format!("{header}.{}.AA", "A".repeat(MAX_TOKEN)),
        ] {
            check(&text, Err(TokenFault::Malformed));
        }
    }
}
