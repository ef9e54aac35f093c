//! `algorithms`.
use super::super::Checks;
use crate::config::{
    Algorithm,
    diagnose::{Code, Finding},
    raw::RawJwt,
    read::{At, Text},
};

/// What the block may be signed with. A secret is for HS*, a public key for the others, and neither for both: that the
/// two are kept apart is what makes a public key useless as a secret (RFC 8725 §3.1).
pub(super) fn check(raw: &RawJwt, checks: &mut Checks) -> Vec<Algorithm> {
    let by_secret = raw.secret.is_some();
    let Some(list) = &raw.algorithms else {
        return if by_secret {
            vec![Algorithm::Hs256]
        } else {
            vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]
        };
    };
    if list.value.is_empty {
        let finding = Finding::new(Code::BadAlgorithm, &list.span, "`algorithms` is empty");
        checks.report(finding.label("expected a name").help("add those that the issuer signs with: \"EdDSA\""));
    }
    let mut algorithms = Vec::new();
    for text in &list.value.list {
        let Some(algorithm) = parse(text, checks) else { continue };
        let other = if algorithm.least_secret().is_some() {
            raw.jwks.as_ref().filter(|_| !by_secret).map(|jwks| (&jwks.span, "public keys", "a `secret`"))
        } else {
            raw.secret.as_ref().map(|secret| (&secret.span, "a secret", "a `jwks`"))
        };
        if let Some((span, has, needs)) = other {
            let message = format!("{} needs {needs}, and the block has {has}", algorithm.name());
            let finding = Finding::new(Code::Conflict, &text.span, message).label("cannot be checked here");
            let finding = finding.related(span, "what it would be checked with");
            checks.report(finding.help("HS256, HS384 and HS512 are for a secret, all others for public keys"));
        } else if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    algorithms
}

fn parse(text: &At<Text>, checks: &mut Checks) -> Option<Algorithm> {
    let algorithm = Algorithm::of_name(text.value.as_str());
    if algorithm.is_none() {
        let (meant, shown) = (text.value.as_str(), text.value.shown());
        let message = if meant.eq_ignore_ascii_case("none") {
            format!("`{shown}` would let anybody write a token")
        } else {
            format!("`{shown}` is no algorithm that tokens are checked with")
        };
        let nearest = Algorithm::ALL.iter().find(|one| one.name().eq_ignore_ascii_case(meant));
        let help = match nearest {
            Some(nearest) => format!("write `{}`: names of algorithms have a case", nearest.name()),
            None => format!("expected one of {}", Algorithm::ALL.map(Algorithm::name).join(", ")),
        };
        let finding = Finding::new(Code::BadAlgorithm, &text.span, message);
        checks.report(finding.label("not an algorithm").help(help));
    }
    algorithm
}
