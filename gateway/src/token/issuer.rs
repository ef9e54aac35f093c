//! Whether a token is an issuer's, is meant for us, and is good at this moment.
use std::{sync::Arc, time::Duration};

use super::{Claims, KeySet, Token, identity::Told};
use crate::{
    Identity, TokenFault,
    config::{Algorithm, Jwt},
};

/// What one `[[jwt]]` asks of its tokens.
#[derive(Debug)]
pub struct Issuer {
    name: Arc<str>,
    audience: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    told: Told,
}

/// A token that is good.
#[derive(Debug)]
pub struct Verified {
    /// Whose it is.
    pub identity: Identity,
    /// When it is good no longer, `leeway` included: in microseconds since 1970.
    pub expires: u64,
}

impl Issuer {
    /// The rules of a block; `counted` names the claims that limits count by.
    pub fn new(jwt: &Jwt, counted: &[Box<str>]) -> Self {
        Self {
            name: Arc::clone(&jwt.issuer),
            audience: jwt.audience.clone(),
            algorithms: jwt.algorithms.clone(),
            leeway: jwt.leeway,
            told: Told::new(&jwt.claims, counted),
        }
    }

    /// The `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The algorithms that it may sign with.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// Whether it may sign as this token is signed.
    pub fn takes(&self, token: &Token<'_>) -> Result<(), TokenFault> {
        if self.algorithms.contains(&token.header.algorithm) { Ok(()) } else { Err(TokenFault::Algorithm) }
    }

    /// Whose token it is, if it is good at `now`, in microseconds since 1970: its algorithm and signature first, so that
    /// nothing else of a forged token is told, then its times (RFC 7519 §4.1.4 to §4.1.6), then whom it is for.
    pub fn verify(
        &self,
        token: &Token<'_>,
        claims: &Claims<'_>,
        keys: &KeySet,
        now: u64,
    ) -> Result<Verified, TokenFault> {
        self.takes(token)?;
        keys.verify(token)?;
        let expires = self.check_times(claims, now)?;
        self.check_audience(claims)?;
        Ok(Verified { identity: self.told.identity(claims)?, expires })
    }

    /// `exp` is the first moment that is too late, `nbf` and `iat` are the first that are not too early, each moved by
    /// `leeway`.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "microseconds of this age are exact in an f64, and the cast back saturates"
    )]
    fn check_times(&self, claims: &Claims<'_>, now: u64) -> Result<u64, TokenFault> {
        let times = claims.times()?;
        let leeway = self.leeway.as_secs_f64();
        let micros = |seconds: f64| seconds * 1e6;
        let expires = micros(times.expires + leeway);
        if now as f64 >= expires {
            return Err(TokenFault::Expired);
        }
        let is_early = |begin: f64| micros(begin - leeway) > now as f64;
        if times.not_before.is_some_and(is_early) || times.issued.is_some_and(is_early) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(expires as u64)
    }

    /// RFC 7519 §4.1.3: a token that names nobody is not for us where we have a name, and one that names somebody is not
    /// for us where we have none.
    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), TokenFault> {
        let named = claims.audience()?;
        let is_ours = named.iter().any(|one| self.audience.iter().any(|own| own == one));
        if is_ours || (named.is_empty() && self.audience.is_empty()) { Ok(()) } else { Err(TokenFault::Audience) }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::members::Members, *};
    use crate::config::{KeySource, Secret};

    fn issuer(audience: &[&str]) -> Issuer {
        let jwt = Jwt {
            issuer: "us".into(),
            audience: audience.iter().map(ToString::to_string).collect(),
            keys: KeySource::Secret(Secret::new(&[7; 32])),
            algorithms: vec![Algorithm::Hs256],
            leeway: Duration::from_secs(5),
            claims: Vec::new(),
        };
        Issuer::new(&jwt, &[])
    }

    /// At 1,000 s.
    #[track_caller]
    fn check_times(json: &str, expected: Result<u64, TokenFault>) {
        let claims = Claims(Members::parse(json.as_bytes()).unwrap());
        assert_eq!(issuer(&[]).check_times(&claims, 1_000_000_000), expected, "{json}");
    }

    #[test]
    fn times_are_exact_at_the_leeway() {
        check_times(r#"{"exp":1000}"#, Ok(1_005_000_000));
        check_times(r#"{"exp":995.000001}"#, Ok(1_000_000_001));
        check_times(r#"{"exp":995}"#, Err(TokenFault::Expired));
        check_times(r#"{"exp":994}"#, Err(TokenFault::Expired));
        check_times(r#"{"exp":996}"#, Ok(1_001_000_000));
        check_times(r#"{"exp":-1e300}"#, Err(TokenFault::Expired));
        check_times(r#"{"exp":1e300}"#, Ok(u64::MAX));
        for claim in ["nbf", "iat"] {
            check_times(&format!(r#"{{"exp":2000,"{claim}":1005}}"#), Ok(2_005_000_000));
            check_times(&format!(r#"{{"exp":2000,"{claim}":1005.000001}}"#), Err(TokenFault::NotYetValid));
            check_times(&format!(r#"{{"exp":2000,"{claim}":1006}}"#), Err(TokenFault::NotYetValid));
            check_times(&format!(r#"{{"exp":2000,"{claim}":1004}}"#), Ok(2_005_000_000));
        }
    }

    #[test]
    fn an_audience_is_ours_letter_by_letter() {
        let fault = Err(TokenFault::Audience);
        for (own, json, expected) in [
            (&["api"][..], r#"{"aud":"api"}"#, Ok(())),
            (&["api"], r#"{"aud":["web","api"]}"#, Ok(())),
            (&["web", "api"], r#"{"aud":"api"}"#, Ok(())),
            (&["api"], r#"{"aud":"ap"}"#, fault),
            (&["api"], r#"{"aud":"api2"}"#, fault),
            (&["api"], r#"{"aud":"API"}"#, fault),
            (&["api"], r#"{"aud":[]}"#, fault),
            (&["api"], "{}", fault),
            (&["api"], r#"{"aud":7}"#, Err(TokenFault::Malformed)),
            (&["api"], r#"{"aud":["api",7]}"#, Err(TokenFault::Malformed)),
            (&[], "{}", Ok(())),
            (&[], r#"{"aud":"api"}"#, fault),
        ] {
            let claims = Claims(Members::parse(json.as_bytes()).unwrap());
            assert_eq!(issuer(own).check_audience(&claims), expected, "{own:?} {json}");
        }
    }
}
