//! `[cors]`, and `cors` of `[defaults]`, a service or a route.
use std::{sync::Arc, time::Duration};

use http::{HeaderName, Method};

use super::Checks;
use crate::{
    config::{
        diagnose::{Code, Finding},
        raw::RawCors,
        read::{At, OneOrMany, OrOff, Text},
    },
    permit::cors::{Cors, Listed, OriginPattern, Origins, Policy},
};

/// What one layer says; `None` when it is silent.
pub(super) fn check(raw: Option<&At<OrOff<RawCors>>>, checks: &mut Checks) -> Option<OrOff<Arc<Cors>>> {
    Some(match &raw?.value {
        OrOff::Off => OrOff::Off,
        OrOff::On(raw) => policy(raw, checks).into(),
    })
}

/// The policy of a table; none when something is wrong with it, which is reported.
pub(super) fn policy(raw: &RawCors, checks: &mut Checks) -> Option<Arc<Cors>> {
    let origins = raw.origins.as_ref().and_then(|list| origins(list, checks));
    let methods = match &raw.methods {
        Some(list) => methods(list, checks),
        None => Listed { any: false, names: vec![Method::GET, Method::HEAD, Method::POST] },
    };
    let headers = raw.headers.as_ref().map(|list| names(list, checks));
    let expose_headers = match &raw.expose_headers {
        Some(list) => names(list, checks),
        None => Listed { any: false, names: Vec::new() },
    };
    let max_age = raw.max_age.as_ref().and_then(|written| {
        let age = checks.time_or_zero("max_age", written)?;
        if age.subsec_nanos() == 0 {
            return Some(age);
        }
        let message = String::from("`max_age` has a part of a second, which a browser is not told");
        checks.out_of_range::<Duration, _>(written, message, "in whole seconds, such as \"10m\"")
    });
    let credentials = raw.credentials.as_ref().filter(|written| written.value);
    if let Some(credentials) = credentials {
        for list in [&raw.origins, &raw.methods, &raw.headers, &raw.expose_headers].into_iter().flatten() {
            no_any_with_credentials(list, credentials, checks);
        }
    }
    let (origins, credentials) = (origins?, credentials.is_some());
    Some(Arc::new(Cors::new(Policy { origins, methods, headers, expose_headers, credentials, max_age })))
}

/// Browsers take `*` as a name once credentials are granted, so it would grant nothing (the Fetch standard, §3.2.5).
fn no_any_with_credentials(list: &At<OneOrMany<Text>>, credentials: &At<bool>, checks: &mut Checks) {
    for text in list.value.list.iter().filter(|text| is_any(text)) {
        let message = "`*` cannot stand beside `credentials`: no browser takes the two together";
        let finding = Finding::new(Code::Conflict, &text.span, message).label("too much");
        let finding = finding.related(&credentials.span, "granted here");
        checks.report(finding.help("list what is meant, or leave `credentials` out"));
    }
}

fn is_any(text: &At<Text>) -> bool {
    text.value.as_str() == "*"
}

fn origins(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Option<Origins> {
    if list.value.is_empty {
        let finding = Finding::new(Code::BadOrigin, &list.span, "`origins` is empty").label("expected an origin");
        checks.report(finding.help("add \"https://app.example.com\", or write `cors = false`"));
    }
    let mut origins = Origins { any: false, patterns: Vec::new() };
    for text in &list.value.list {
        if is_any(text) {
            origins.any = true;
            if list.value.list.len() > 1 {
                let finding = Finding::new(Code::Conflict, &text.span, "`*` takes every origin, so no other is needed");
                checks.report(finding.label("takes all").help("keep this one, or the others"));
            }
            continue;
        }
        match OriginPattern::parse(text.value.as_str()) {
            Ok(pattern) => origins.patterns.push(pattern),
            Err(help) => {
                let message = format!("`{}` is no origin", text.value.shown());
                let finding = Finding::new(Code::BadOrigin, &text.span, message).label("not an origin");
                checks.report(finding.help(help));
            }
        }
    }
    (origins.any || !origins.patterns.is_empty()).then_some(origins)
}

fn methods(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Listed<Method> {
    if list.value.is_empty {
        let finding = Finding::new(Code::BadMethod, &list.span, "`methods` is empty").label("expected a method");
        checks.report(finding.help("add \"GET\", or leave `methods` out for GET, HEAD and POST"));
    }
    listed(list, checks, |text, checks| {
        let upper = text.value.as_str().to_ascii_uppercase();
        let method = Method::from_bytes(text.value.as_str().as_bytes()).ok();
        let help = match method {
            Some(method) if method.as_str() == upper && !is_refused(&method) => return Some(method),
            Some(method) if is_refused(&method) => String::from("leave it out: the gateway forwards none"),
            Some(_) => format!("methods are upper case: write \"{}\"", shown_upper(text)),
            None => String::from("write a method such as \"PUT\""),
        };
        let message = format!("`{}` is no method that a page could be granted", text.value.shown());
        let finding = Finding::new(Code::BadMethod, &text.span, message).label("not a method");
        checks.report(finding.help(help));
        None
    })
}

/// What came from the environment is not shown.
fn shown_upper(text: &At<Text>) -> String {
    if text.value.is_filled() { String::from("PUT") } else { text.value.as_str().to_ascii_uppercase() }
}

fn is_refused(method: &Method) -> bool {
    matches!(*method, Method::CONNECT | Method::TRACE)
}

fn names(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Listed<HeaderName> {
    listed(list, checks, |text, checks| checks.header_name(text))
}

/// The names of a list, each once, and whether `*` is one of them.
fn listed<T: PartialEq>(
    list: &At<OneOrMany<Text>>,
    checks: &mut Checks,
    parse: fn(&At<Text>, &mut Checks) -> Option<T>,
) -> Listed<T> {
    let mut listed = Listed { any: false, names: Vec::new() };
    for text in &list.value.list {
        if is_any(text) {
            listed.any = true;
        } else if let Some(name) = parse(text, checks)
            && !listed.names.contains(&name)
        {
            listed.names.push(name);
        }
    }
    listed
}

impl Checks {
    /// The name of a header field.
    pub(super) fn header_name(&mut self, text: &At<Text>) -> Option<HeaderName> {
        let name = HeaderName::try_from(text.value.as_str()).ok();
        if name.is_none() {
            let message = format!("`{}` is not the name of a header field", text.value.shown());
            let finding = Finding::new(Code::BadHeaderName, &text.span, message).label("not a name");
            self.report(finding.help("a name has letters, digits and `-`, such as `X-Request-Source`"));
        }
        name
    }
}
