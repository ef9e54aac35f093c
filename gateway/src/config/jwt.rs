//! `[[jwt]]`: who issues tokens, and how they are checked.
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderName, Uri};

/// One issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct Jwt {
    /// The `iss` of its tokens, compared letter by letter; no two blocks have the same.
    pub issuer: Arc<str>,
    /// Whom its tokens are for: one of these is in a token's `aud`. Empty: a token that names anybody is refused
    /// (RFC 7519 §4.1.3).
    pub audience: Vec<String>,
    /// What its signatures are checked with.
    pub keys: KeySource,
    /// The algorithms that it may sign with, at least one; all HS* with a secret, none of them otherwise. Default
    /// `HS256` with a secret, else `RS256`, `ES256` and `EdDSA`.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock and ours may be apart. Default 5 s, at most 5 min.
    pub leeway: Duration,
    /// Claims, and the fields that upstreams read them from. No name of a field stands here twice.
    pub claims: Vec<(String, HeaderName)>,
}

/// Where the keys of an issuer come from.
#[derive(Debug, Clone, PartialEq)]
pub enum KeySource {
    /// `jwks = { service = "user", path = "/.well-known/jwks.json" }`: any upstream of that service.
    Service {
        /// A name of [`super::Config::services`].
        service: Arc<str>,
        /// Path and query.
        path: String,
    },
    /// `jwks = { url = "https://id.example.com/jwks" }`.
    Url {
        /// http or https, absolute.
        url: Uri,
        /// As the file has it, for people: references such as `${NAME}` are not filled in.
        written: String,
    },
    /// `jwks = { file = "keys.json" }`.
    File(PathBuf),
    /// `secret = "${JWT_SECRET}"`.
    Secret(Secret),
}

/// Bytes that nobody is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// What is to be kept to oneself.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the standard's own name")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The one of this name; names have a case (RFC 7515 §4.1.1).
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its name in a token's `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The least bytes of a secret that it may be used with (RFC 7518 §3.2); none for what needs a key pair.
    pub fn least_secret(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }
}

/// `auth`: whether a caller must say who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// A good credential is needed.
    Required,
    /// None is needed, but one that is shown must be good.
    Optional,
    /// Nobody is asked.
    None,
}

impl AuthMode {
    /// As the file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::None => "none",
        }
    }
}
