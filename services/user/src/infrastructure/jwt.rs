//! Access tokens as JWTs signed with Ed25519, and refresh tokens as random text.

use std::sync::Once;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::application::ports::{KeyPair, TokenCrypto};
use crate::domain::claims::{AUDIENCE, ISSUER};
use crate::domain::{Claims, Email, RefreshToken, RefreshTokenHash, Scope, Secret, SigningKey, TokenFault, UserId};

/// The bytes of a refresh token.
const REFRESH_TOKEN_LEN: usize = 32;

/// The adapter.
pub struct JwtCrypto(());

/// The claims as they are written.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: Uuid,
    email: String,
    scope: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// The header's fields that choose a key; it is read before anything of it is believed.
#[derive(Deserialize)]
struct HeaderFields {
    alg: String,
    kid: Option<String>,
}

impl JwtCrypto {
    /// Installs the process's one provider of cryptography for JWTs.
    pub fn new() -> Self {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            // An error means that the same one stands already: there is no other in this tree.
            let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        });
        Self(())
    }
}

impl Default for JwtCrypto {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenCrypto for JwtCrypto {
    fn key_pair(&self) -> Result<KeyPair, String> {
        let failed = |error: aws_lc_rs::error::Unspecified| error.to_string();
        let pair = Ed25519KeyPair::generate().map_err(failed)?;
        let private = pair.to_pkcs8().map_err(failed)?;
        Ok(KeyPair { private: Secret::new(private.as_ref().to_vec()), public: pair.public_key().as_ref().to_vec() })
    }

    fn sign(&self, key: &SigningKey, claims: &Claims) -> Result<String, String> {
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let private = EncodingKey::from_ed_der(key.private.expose());
        jsonwebtoken::encode(&header, &Payload::from(claims), &private).map_err(|e| e.to_string())
    }

    fn verify(&self, token: &str, keys: &[&SigningKey]) -> Result<Claims, TokenFault> {
        let header = header(token)?;
        if header.alg != "EdDSA" {
            return Err(TokenFault::Algorithm);
        }
        // Every token of this service names its key.
        let kid = header.kid.ok_or(TokenFault::UnknownKey)?;
        let key = keys.iter().find(|key| key.kid == kid).ok_or(TokenFault::UnknownKey)?;
        let public = DecodingKey::from_ed_der(&key.public);
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The application looks at the time, with its own clock.
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Payload>(token, &public, &validation);
        decoded.map_err(|error| fault(error.kind()))?.claims.parse()
    }

    fn refresh_token(&self) -> Result<RefreshToken, String> {
        let mut bytes = zeroize::Zeroizing::new([0; REFRESH_TOKEN_LEN]);
        rand::fill(&mut *bytes).map_err(|error| error.to_string())?;
        Ok(RefreshToken(Secret::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    fn hash_refresh_token(&self, token: &str) -> RefreshTokenHash {
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        RefreshTokenHash(hash)
    }
}

fn header(token: &str) -> Result<HeaderFields, TokenFault> {
    let mut parts = token.split('.');
    let header = parts.next().filter(|_| parts.count() == 2).ok_or(TokenFault::Malformed)?;
    let json = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenFault::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenFault::Malformed)
}

fn fault(error: &ErrorKind) -> TokenFault {
    match error {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidAlgorithm => TokenFault::Algorithm,
        ErrorKind::InvalidIssuer => TokenFault::Issuer,
        ErrorKind::InvalidAudience => TokenFault::Audience,
        _ => TokenFault::Malformed,
    }
}

impl From<&Claims> for Payload {
    fn from(claims: &Claims) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.subject.0,
            email: claims.email.as_str().to_owned(),
            scope: claims.scope.as_str().to_owned(),
            iat: claims.issued_at.as_second(),
            exp: claims.expires_at.as_second(),
            jti: claims.token_id.clone(),
        }
    }
}

impl Payload {
    fn parse(self) -> Result<Claims, TokenFault> {
        let instant = |second| Timestamp::from_second(second).map_err(|_| TokenFault::Malformed);
        Ok(Claims {
            subject: UserId(self.sub),
            email: Email::parse(&self.email).map_err(|_| TokenFault::Malformed)?,
            scope: Scope::new(self.scope),
            issued_at: instant(self.iat)?,
            expires_at: instant(self.exp)?,
            token_id: self.jti,
        })
    }
}

#[cfg(test)]
mod tests;
