//! One route of a service.
use http::HeaderName;

use super::{Checks, fallback, layer::Layer, traffic, validation};
use crate::{
    config::{
        AuthMode, Route, Server, StripPrefix, Written,
        diagnose::{Code, Finding, is_secret},
        raw::{RawRoute, RawStripPrefix},
        read::{At, Named, Text},
    },
    route::{HeaderCondition, HostPattern, PatternFault, QueryCondition, Rewrite, RoutePattern},
};

/// The route, unless its pattern cannot be read: the rest is checked all the same.
pub(super) fn check(raw: &RawRoute, service: &Layer, server: &Server, checks: &mut Checks) -> Option<Route> {
    let mut layer = Layer::of_route(raw, service, checks);
    layer.forward_auth.settle(checks);
    let pattern = raw.r#match.as_ref().and_then(|text| {
        let parsed = RoutePattern::parse(text.value.as_str());
        checks.parsed(parsed, text, Code::BadPattern, "a route")
    });
    let host = raw.host.as_ref().and_then(|text| {
        let parsed = HostPattern::parse(text.value.as_str());
        checks.parsed(parsed, text, Code::BadHost, "a host")
    });
    let headers = {
        let is_name = |name: &str| HeaderName::try_from(name).is_ok();
        for entry in raw.headers.iter().flat_map(|headers| &headers.value.entries) {
            if let Ok(name) = HeaderName::try_from(entry.name.as_str()) {
                checks.report_deleted(&name, &entry.name_span);
            }
        }
        conditions(raw.headers.as_ref(), is_name, HeaderCondition::parse, checks)
    };
    let query = {
        let is_name = |name: &str| !name.is_empty();
        conditions(raw.query.as_ref(), is_name, QueryCondition::parse, checks)
    };
    let strip_prefix = strip_prefix(raw, checks);
    let schema = raw.schema.as_ref().and_then(|written| validation::schema(&written.value.0, checks));
    if let (Some(written), Some(types)) = (&raw.schema, layer.content_types())
        && !types.take_json()
    {
        let message = "`schema` asks for JSON, which is none of this route's `content_types`";
        let finding = Finding::new(Code::Conflict, &written.span, message).label("no body can be both");
        checks.report(finding.help("add \"application/json\" to the types, or write `content_types = false` here"));
    }
    traffic::report_idle(raw, checks);
    let (split, mirror) = (traffic::split(raw, checks), traffic::mirror(raw, checks));
    let mut pattern = pattern?;
    let redirect = traffic::redirect(raw, &pattern.path, checks);
    let rewrite = raw.rewrite.as_ref().and_then(|text| {
        let parsed = Rewrite::parse(text.value.as_str(), &pattern.path);
        checks.parsed(parsed, text, Code::BadRewrite, "a path")
    });
    if let Some(text) = &raw.r#match {
        // What logs, metrics and people see is what the file says.
        text.value.shown().clone_into(&mut pattern.text);
    }
    let (timeouts, max_body) = (layer.timeouts(), layer.max_body(&server.limits));
    let rate_limit = layer.rate_limit();
    let (auth, scopes) = layer.auth.clone().complete(checks.has_credentials);
    if auth != AuthMode::None {
        let written = checks.credential_headers.clone();
        layer.forward_auth.report_shared(&written, checks);
    }
    Some(Route {
        pattern: RoutePattern { host, headers, query, ..pattern },
        written: written(raw),
        strip_prefix,
        rewrite,
        redirect,
        split,
        mirror,
        fallback: fallback::check(raw.fallback.as_ref(), checks),
        timeouts,
        retry: layer.retry(),
        hedge: layer.hedge(),
        max_body,
        auth,
        scopes,
        rate_limit,
        cors: layer.cors(),
        content_types: layer.content_types(),
        required_headers: layer.required_headers(),
        schema,
        cache: layer.cache(),
        compress: layer.compress(),
        request_headers: layer.request_headers.into_rules(),
        response_headers: layer.response_headers.into_rules(),
        forward_auth: layer.forward_auth.clone().complete(),
    })
}

impl Checks {
    /// What was parsed from `text`, or the fault that its parser found in it.
    pub(super) fn parsed<T>(
        &mut self,
        parsed: Result<T, PatternFault>,
        text: &At<Text>,
        code: Code,
        what: &str,
    ) -> Option<T> {
        let fault = match parsed {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let finding = if text.value.is_filled() {
            // The parser's own words may quote what came from the environment.
            let shown = text.value.shown();
            let message = format!("`{shown}`, once it is filled in, is not {what}");
            Finding::new(code, &text.span, message).help("look at the variable's value")
        } else {
            let finding = Finding::new(code, &text.part(&fault.at), fault.message);
            match fault.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        };
        self.report(finding.label(format!("not {what}")));
        None
    }
}

/// The parsed conditions of `headers` or `query`, whose names `is_name` knows.
fn conditions<T>(
    raw: Option<&At<Named<Text>>>,
    is_name: fn(&str) -> bool,
    parse: fn(&str, &str) -> Result<T, PatternFault>,
    checks: &mut Checks,
) -> Vec<T> {
    let mut conditions = Vec::new();
    for entry in raw.map_or(&[][..], |raw| &raw.value.entries) {
        let (name, text) = (&entry.name, &entry.value);
        let parsed = parse(name, text.value.as_str());
        if parsed.is_err() && !is_name(name) {
            let message = format!("`{name}` is no name that a request could have here");
            let finding = Finding::new(Code::BadCondition, &entry.name_span, message);
            let help = "write the name of a header field or of a query parameter";
            checks.report(finding.label("not a name").help(help));
        } else if parsed.is_err() && is_secret(name) {
            // The parser's own words may quote the value.
            let message = format!("the condition on `{name}` cannot be read");
            let finding = Finding::new(Code::BadCondition, &text.span, message);
            let help = "write a value, \"*\" for any, or \"~\" and a regular expression";
            checks.report(finding.label("not a condition").help(help));
        } else {
            let parsed = checks.parsed(parsed, text, Code::BadCondition, "a condition");
            conditions.extend(parsed);
        }
    }
    conditions
}

fn strip_prefix(raw: &RawRoute, checks: &mut Checks) -> StripPrefix {
    let Some(written) = &raw.strip_prefix else {
        return StripPrefix::Nothing;
    };
    if let Some(rewrite) = &raw.rewrite
        && !matches!(written.value, RawStripPrefix::Whether(false))
    {
        let message = "`strip_prefix` and `rewrite` both say what becomes of the path";
        let finding = Finding::new(Code::Conflict, &written.span, message);
        let finding = finding.label("one of the two").related(&rewrite.span, "the other");
        checks.report(finding.help("keep `rewrite`: it can leave the prefix out as well"));
    }
    let text = match &written.value {
        RawStripPrefix::Whether(false) => return StripPrefix::Nothing,
        RawStripPrefix::Whether(true) => return StripPrefix::Matched,
        RawStripPrefix::Text(text) => text,
    };
    let meant = text.as_str();
    let is_visible = meant.chars().all(|c| matches!(c, '!'..='~') && !matches!(c, '?' | '#'));
    let is_normal = crate::path::normalise(meant).is_ok_and(|path| path == meant);
    if !meant.starts_with('/') || meant.ends_with('/') || !is_visible || !is_normal {
        let message = format!("`{}` is not a prefix of whole segments", text.shown());
        let finding = Finding::new(Code::BadPrefix, &written.span, message);
        let help = "begin with `/`, end without one, and write it plainly: \"/api/v1\"";
        checks.report(finding.label("not a prefix").help(help));
    }
    StripPrefix::Text(meant.to_owned())
}

/// What the parsed forms no longer say.
fn written(raw: &RawRoute) -> Written {
    let pairs = |named: Option<&At<Named<Text>>>| {
        let entries = named.map_or(&[][..], |named| &named.value.entries).iter();
        entries.map(|entry| (entry.name.clone(), entry.value.value.shown().to_owned())).collect()
    };
    Written {
        headers: pairs(raw.headers.as_ref()),
        query: pairs(raw.query.as_ref()),
        rewrite: raw.rewrite.as_ref().map(|text| text.value.shown().to_owned()),
    }
}
