//! `[[jwt]]`.
mod algorithms;
mod claims;
mod keys;

use std::time::Duration;

use super::Checks;
use crate::config::{
    Jwt,
    diagnose::{Code, Finding},
    raw::{RawConfig, RawJwt},
    read::{At, Length, Text, units::show_duration},
};

pub(super) use claims::{header, names as claim_headers, same};

/// Beyond it, a token's times say nothing any more.
const LONGEST_LEEWAY: Duration = Duration::from_mins(5);

/// Every block.
pub(super) fn check_all(raw: &RawConfig, checks: &mut Checks) -> Vec<Jwt> {
    let written = raw.jwt.as_ref().map_or(&[][..], |list| &list.value.list);
    report_duplicates(written, checks);
    written.iter().filter_map(|block| check(block, raw, checks)).collect()
}

/// One block; none when it is at fault beyond use.
fn check(block: &At<RawJwt>, file: &RawConfig, checks: &mut Checks) -> Option<Jwt> {
    let raw = &block.value;
    let issuer = raw.issuer.as_ref().map(|text| filled("issuer", text, Code::BadIssuer, checks));
    let audience = raw.audience.as_ref().map_or(&[][..], |list| {
        if list.value.is_empty {
            let finding = Finding::new(Code::BadAudience, &list.span, "`audience` is empty");
            checks.report(finding.label("expected a name").help("add whom the tokens are for, or remove the key"));
        }
        &list.value.list
    });
    let audience = audience.iter().map(|text| filled("audience", text, Code::BadAudience, checks)).collect();
    let algorithms = algorithms::check(raw, checks);
    let keys = keys::check(block, &algorithms, file, checks);
    let leeway = raw.leeway.as_ref().and_then(|at| leeway(at, checks)).unwrap_or(Duration::from_secs(5));
    let claims = claims::check(raw.claims.as_ref(), checks);
    Some(Jwt { issuer: issuer?.into(), audience, keys: keys?, algorithms, leeway, claims })
}

/// A text that may not be empty; one that is, is reported and kept.
fn filled(key: &str, text: &At<Text>, code: Code, checks: &mut Checks) -> String {
    if text.value.as_str().is_empty() {
        let finding = Finding::new(code, &text.span, format!("`{key}` is empty")).label("expected a name");
        checks.report(finding.help("write it letter by letter as it stands in the tokens"));
    }
    text.value.as_str().to_owned()
}

fn leeway(written: &At<Length>, checks: &mut Checks) -> Option<Duration> {
    let leeway = written.value.0;
    if leeway <= LONGEST_LEEWAY {
        return Some(leeway);
    }
    let message = format!("`leeway` cannot be {}", show_duration(leeway));
    checks.out_of_range(written, message, "at most \"5m\": it keeps tokens alive that have expired")
}

/// A token's `iss` picks the block, so it must pick one.
fn report_duplicates(written: &[At<RawJwt>], checks: &mut Checks) {
    let issuers: Vec<&At<Text>> = written.iter().filter_map(|block| block.value.issuer.as_ref()).collect();
    for (at, issuer) in issuers.iter().enumerate() {
        let same = |other: &&&At<Text>| other.value.as_str() == issuer.value.as_str();
        if let Some(first) = issuers[..at].iter().find(same) {
            let message = format!("two blocks are for the issuer `{}`", issuer.value.shown());
            let finding = Finding::new(Code::DuplicateIssuer, &issuer.span, message);
            let finding = finding.label("the second time").related(&first.span, "the first time");
            checks.report(finding.help("keep one: `audience` and `algorithms` can be lists"));
        }
    }
}
