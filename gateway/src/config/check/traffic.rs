//! `redirect`, `split`, `sticky` and `mirror`: where a route's requests go beside, or in place of, its service; and
//! `compress`: what becomes of their answers.
use std::{ops::Range, sync::Arc};

use http::StatusCode;

use super::{Checks, load_balance};
use crate::{
    config::{
        Coding, Mirror, Redirect, Share, Split,
        diagnose::{Code, Finding},
        raw::{RawMirror, RawRedirect, RawRoute, RawShare},
        read::{At, OneOrMany, Text, Toggle},
    },
    route::{PathPattern, RedirectTarget},
};

const STATUSES: [u64; 5] = [301, 302, 303, 307, 308];

/// Where the clients of a route with this path are sent.
pub(super) fn redirect(raw: &RawRoute, path: &PathPattern, checks: &mut Checks) -> Option<Redirect> {
    let written = raw.redirect.as_ref()?;
    let RawRedirect { to, status, .. } = &written.value.0;
    let status = status.as_ref().map_or(Some(StatusCode::PERMANENT_REDIRECT), |at| {
        let status = u16::try_from(at.value.0).ok().filter(|_| STATUSES.contains(&at.value.0));
        if status.is_none() {
            let finding = Finding::new(Code::BadRedirect, &at.span, format!("{} is no redirect", at.value.0));
            checks.report(finding.label("not a redirect").help("the statuses are 301, 302, 303, 307 and 308"));
        }
        status.and_then(|status| StatusCode::from_u16(status).ok())
    });
    let to = to.as_ref()?;
    let parsed = RedirectTarget::parse(to.value.as_str(), path);
    let target = checks.parsed(parsed, to, Code::BadRedirect, "an address");
    Some(Redirect { to: target?, status: status?, written: to.value.shown().to_owned() })
}

/// Keys that would do nothing beside a redirect, which sends nothing to a service.
pub(super) fn report_idle(raw: &RawRoute, checks: &mut Checks) {
    let Some(redirect) = &raw.redirect else { return };
    let spans: [(&str, Option<&Range<usize>>); 12] = [
        ("strip_prefix", raw.strip_prefix.as_ref().map(|at| &at.span)),
        ("rewrite", raw.rewrite.as_ref().map(|at| &at.span)),
        ("split", raw.split.as_ref().map(|at| &at.span)),
        ("mirror", raw.mirror.as_ref().map(|at| &at.span)),
        ("fallback", raw.fallback.as_ref().map(|at| &at.span)),
        ("timeouts", raw.timeouts.as_ref().map(|at| &at.span)),
        ("retry", raw.retry.as_ref().map(|at| &at.span)),
        ("hedge", raw.hedge.as_ref().map(|at| &at.span)),
        ("request_headers", raw.request_headers.as_ref().map(|at| &at.span)),
        ("cache", raw.cache.as_ref().map(|at| &at.span)),
        ("compress", raw.compress.as_ref().map(|at| &at.span)),
        ("schema", raw.schema.as_ref().map(|at| &at.span)),
    ];
    for (key, span) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        let message = format!("`{key}` does nothing where clients are redirected: no service is asked");
        let finding = Finding::new(Code::Conflict, span, message);
        let finding = finding.label("one of the two").related(&redirect.span, "the other");
        checks.report(finding.help("keep `redirect`, or take it out and let the service answer"));
    }
}

/// Among which services a route's requests are divided.
pub(super) fn split(raw: &RawRoute, checks: &mut Checks) -> Option<Split> {
    let sticky = raw.sticky.as_ref().and_then(|text| load_balance::key(text, Code::BadSplit, checks));
    let Some(written) = &raw.split else {
        if let Some(text) = &raw.sticky
            && !raw.unread.contains(&"split")
        {
            let finding = Finding::new(Code::MissingKey, &text.span, "`sticky` is a split's, and there is none here");
            checks.report(finding.label("`split` is missing").help("add `split = [{ service = \"…\", weight = 1 }]`"));
        }
        return None;
    };
    let shares = shares(&written.value, checks);
    let is_whole = shares.len() == written.value.list.len();
    if written.value.is_empty || (is_whole && !shares.is_empty() && shares.iter().all(|share| share.weight == 0)) {
        let finding = Finding::new(Code::BadSplit, &written.span, "no service of this split gets any request");
        checks.report(finding.label("nobody").help("give one of them a weight above 0"));
    }
    Some(Split { shares, sticky })
}

fn shares(written: &OneOrMany<RawShare>, checks: &mut Checks) -> Vec<Share> {
    let mut shares: Vec<(Share, Range<usize>)> = Vec::new();
    for raw in &written.list {
        let weight = raw.value.weight.as_ref().map_or(Some(1), |at| checks.count("weight", at, 0..=1000));
        let Some(text) = &raw.value.service else {
            checks.is_fed_unsure = true;
            continue;
        };
        let Some(service) = service(text, checks) else { continue };
        if let Some((_, first)) = shares.iter().find(|(share, _)| share.service == service) {
            let message = format!("`{service}` stands twice in this split");
            let finding = Finding::new(Code::BadSplit, &text.span, message).label("again");
            checks.report(finding.related(first, "the first").help("write it once, with the sum of both weights"));
        }
        let weight = weight.and_then(|weight| u32::try_from(weight).ok());
        shares.extend(weight.map(|weight| (Share { service, weight }, text.span.clone())));
    }
    shares.into_iter().map(|(share, _)| share).collect()
}

/// The service that gets copies.
pub(super) fn mirror(raw: &RawRoute, checks: &mut Checks) -> Option<Mirror> {
    let RawMirror { service: name, percent, .. } = &raw.mirror.as_ref()?.value.0;
    checks.is_fed_unsure |= name.is_none();
    let service = service(name.as_ref()?, checks)?;
    Some(Mirror { service, percent: percent.as_ref().map_or(100.0, |at| at.value.0) })
}

/// The codings that one layer asks for, none where it is off; `None` where it is silent.
pub(super) fn compress(written: Option<&At<Toggle<OneOrMany<Text>>>>, checks: &mut Checks) -> Option<Arc<[Coding]>> {
    let written = written?;
    let list = match &written.value {
        Toggle::Off => return Some(Arc::default()),
        Toggle::On => return Some(Coding::ALL.into()),
        Toggle::As(list) => list,
    };
    if list.is_empty {
        let finding = Finding::new(Code::BadCoding, &written.span, "`compress` has no coding").label("none");
        checks.report(finding.help("write `true` for all of them, or `false` for none"));
    }
    let mut codings: Vec<Coding> = Vec::new();
    for text in &list.list {
        let name = text.value.as_str();
        let message = match Coding::ALL.into_iter().find(|coding| coding.name() == name) {
            Some(coding) if !codings.contains(&coding) => {
                codings.push(coding);
                continue;
            }
            Some(_) => format!("`{name}` stands twice"),
            None => format!("`{}` is no coding that answers are compressed in", text.value.shown()),
        };
        let finding = Finding::new(Code::BadCoding, &text.span, message).label("not a coding more");
        checks.report(finding.help("the codings are \"zstd\", \"br\" and \"gzip\", each once"));
    }
    Some(codings.into())
}

/// A service of the file, which then needs no route of its own.
pub(super) fn service(text: &At<Text>, checks: &mut Checks) -> Option<Arc<str>> {
    let name = text.value.as_str();
    if checks.services.iter().any(|service| service == name) {
        checks.fed.push(name.to_owned());
        return Some(name.into());
    }
    checks.is_fed_unsure = true;
    let message = format!("the file has no service `{}`", text.value.shown());
    let finding = Finding::new(Code::UnknownService, &text.span, message);
    checks.report(finding.label("unknown service").help(format!("the services are {}", checks.services.join(", "))));
    None
}
