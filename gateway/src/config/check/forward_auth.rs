//! `forward_auth`.
mod target;

use std::{ops::Range, time::Duration};

use http::HeaderName;

use self::target::Target;
use super::{Checks, headers, identity};
use crate::config::{
    Authoriser, ForwardAuth, Service,
    diagnose::{Code, Finding},
    raw::{RawForwardAuth, RawService},
    read::{At, Brief, Entry, OneOrMany, OrOff, Text},
};

/// What one layer says.
#[derive(Debug, Clone, Default)]
pub(super) enum Setting {
    /// Nothing: the outer layer's holds.
    #[default]
    Silent,
    /// `false`: nobody is asked.
    Off,
    /// Some of it, or all.
    On(Box<Partial>),
}

/// One layer's keys, checked; `None` where it is silent.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    /// Where it is written.
    span: Range<usize>,
    target: Option<Target>,
    /// Whether the target is an outer layer's.
    inherited: bool,
    timeout: Option<Duration>,
    headers: Option<Vec<HeaderName>>,
    request_headers: Option<Vec<HeaderName>>,
}

impl Setting {
    pub(super) fn or_off(raw: Option<&At<OrOff<Brief<RawForwardAuth>>>>, checks: &mut Checks) -> Self {
        match raw.map(|at| (&at.value, &at.span)) {
            None => Self::Silent,
            Some((OrOff::Off, _)) => Self::Off,
            Some((OrOff::On(Brief(raw)), span)) => Self::On(Box::new(partial(raw, span, checks))),
        }
    }

    pub(super) fn of(raw: Option<&At<Brief<RawForwardAuth>>>, checks: &mut Checks) -> Self {
        raw.map_or(Self::Silent, |at| Self::On(Box::new(partial(&at.value.0, &at.span, checks))))
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        match (self, outer) {
            (Self::Silent, Self::On(outer)) => Self::On(Box::new(Partial { inherited: true, ..(**outer).clone() })),
            (Self::Silent, outer) => outer.clone(),
            (Self::On(inner), Self::On(outer)) => Self::On(Box::new(Partial {
                span: inner.span,
                inherited: inner.target.is_none(),
                target: inner.target.or_else(|| outer.target.clone()),
                timeout: inner.timeout.or(outer.timeout),
                headers: inner.headers.or_else(|| outer.headers.clone()),
                request_headers: inner.request_headers.or_else(|| outer.request_headers.clone()),
            })),
            (own, _) => own,
        }
    }

    /// Reports a layer that names nobody to ask, once: what inherits it does not report it again.
    pub(super) fn settle(&mut self, checks: &mut Checks) {
        let Self::On(partial) = self else { return };
        if partial.target.is_none() {
            let finding = Finding::new(Code::MissingKey, &partial.span, "`forward_auth` names nobody to ask");
            let help = "add `url = \"http://127.0.0.1:9000/verify\"`, or `service` and `path`";
            checks.report(finding.label("`url` or `service` is missing").help(help));
            *self = Self::Off;
        }
    }

    /// Reports a service that has inherited to ask itself: who has not passed yet could never reach its log-in.
    pub(super) fn report_self(&self, entry: &Entry<RawService>, checks: &mut Checks) {
        let Self::On(partial) = self else { return };
        let Some(Target { authoriser: Authoriser::Service(name), .. }) = &partial.target else { return };
        if partial.inherited && **name == *entry.name {
            let message = format!("`services.{}` inherits a `forward_auth` that asks itself", entry.name);
            let finding = Finding::new(Code::Conflict, &entry.name_span, message);
            let finding = finding.label("is the authoriser").related(&partial.span, "inherited from here");
            checks.report(finding.help("add `forward_auth = false` to it: what it serves itself it decides itself"));
        }
    }

    /// Reports fields that a caller's credential writes as well, on a route that asks for one: whose word it is could
    /// not be told.
    pub(super) fn report_shared(&self, credentials: &[HeaderName], checks: &mut Checks) {
        let Self::On(partial) = self else { return };
        let written =
            partial.headers.iter().flatten().find(|name| credentials.iter().any(|other| identity::same(name, other)));
        let is_new = |finding: &Finding| finding.code != Code::Conflict || finding.span != partial.span;
        if let Some(name) = written.filter(|_| checks.findings.iter().all(is_new)) {
            let message = format!("`{name}` is written from a caller's credential and from the authoriser's answer");
            let finding = Finding::new(Code::Conflict, &partial.span, message).label("writes it too");
            checks.report(finding.help("give each a field of its own, or ask for no credential: `auth = \"none\"`"));
        }
    }

    /// What holds for a route.
    pub(super) fn complete(self) -> Option<ForwardAuth> {
        let Self::On(partial) = self else { return None };
        let Target { authoriser, path } = partial.target?;
        Some(ForwardAuth {
            authoriser,
            target: path,
            timeout: partial.timeout.unwrap_or(Duration::from_secs(2)),
            headers: partial.headers.unwrap_or_default(),
            request_headers: partial.request_headers,
        })
    }
}

/// Reports services that ask an authoriser whose upstream is this gateway: each question would be asked again.
pub(super) fn report_loops(services: &[Service], entries: &[Entry<RawService>], checks: &mut Checks) {
    for (service, entry) in services.iter().zip(entries) {
        let mut asked = service.routes.iter().filter_map(|route| match &route.forward_auth.as_ref()?.authoriser {
            Authoriser::Service(name) => services.iter().find(|other| other.name == *name),
            Authoriser::Url(_) => None,
        });
        let is_here = |authoriser: &Service| {
            let mut upstreams = authoriser.upstreams.iter();
            upstreams.any(|one| checks.listen.iter().any(|listener| target::reaches(&one.host, one.port, *listener)))
        };
        if let Some(authoriser) = asked.find(|authoriser| is_here(authoriser)) {
            let message = format!(
                "`services.{}` asks `services.{}`, whose upstream is this gateway: each question would be asked again",
                service.name, authoriser.name
            );
            let finding = Finding::new(Code::Conflict, &entry.name_span, message).label("asks itself");
            checks.report(finding.help("name the authoriser's own address"));
        }
    }
}

fn partial(raw: &RawForwardAuth, span: &Range<usize>, checks: &mut Checks) -> Partial {
    Partial {
        span: span.clone(),
        target: target::check(raw, checks),
        inherited: false,
        timeout: raw.timeout.as_ref().and_then(|at| checks.time("timeout", at)),
        headers: raw.headers.as_ref().map(|list| identity::names(list, checks)),
        request_headers: raw.request_headers.as_ref().map(|list| client_fields(list, checks)),
    }
}

/// Fields of the client that an authoriser may be told of.
fn client_fields(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Vec<HeaderName> {
    let mut found = Vec::new();
    for At { value: text, span } in &list.value.list {
        let Ok(name) = HeaderName::try_from(text.as_str()) else {
            let message = format!("`{}` is not the name of a header field", text.shown());
            let finding = Finding::new(Code::BadHeaderName, span, message).label("not a name");
            checks.report(finding.help("a name has letters, digits and `-`, such as `Cookie`"));
            continue;
        };
        let is_never = headers::is_reserved(name.as_str())
            || ["content-", "if-", "x-forwarded-"].iter().any(|prefix| name.as_str().starts_with(prefix));
        if is_never {
            let message = format!("an authoriser is never sent a client's `{}`", text.shown());
            let finding = Finding::new(Code::ReservedHeader, span, message).label("reserved");
            let help = "remove it: the gateway writes `X-Forwarded-*` itself, and the body is not sent";
            checks.report(finding.help(help));
        } else {
            identity::once(&mut found, name, span, checks);
        }
    }
    found.into_iter().map(|(name, _)| name).collect()
}
