//! What is wrong with a credential.
use http::HeaderValue;

/// What is wrong with a caller's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// There is none.
    Missing,
    /// It is not a token (RFC 7519 §7.2), or one that this gateway does not read.
    Malformed,
    /// The signature is not of the key that it names.
    Signature,
    /// An algorithm that the issuer's block does not list.
    Algorithm,
    /// `exp` is over.
    Expired,
    /// `nbf` or `iat` is still to come.
    NotYetValid,
    /// No block of the file is for this `iss`.
    Issuer,
    /// `aud` names somebody else.
    Audience,
    /// The issuer has no key of this `kid`.
    KeyUnknown,
    /// An API key that the file does not list.
    ApiKey,
}

impl TokenFault {
    /// One sentence of what is wrong, without quotes: it stands in `WWW-Authenticate` too.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "This needs a credential, of a kind that `WWW-Authenticate` names.",
            Self::Malformed => "The token cannot be read.",
            Self::Signature => "The token's signature is not good.",
            Self::Algorithm => "The token's algorithm is not taken here.",
            Self::Expired => "The token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Issuer => "The token's issuer is not known here.",
            Self::Audience => "The token is meant for somebody else.",
            Self::KeyUnknown => "The token's key is not known.",
            Self::ApiKey => "The API key is not known.",
        }
    }
}

/// What a caller with no API key, or a wrong one, is asked for in `WWW-Authenticate`.
pub(crate) const API_KEY_CHALLENGE: HeaderValue = HeaderValue::from_static("ApiKey realm=\"gateway\"");
