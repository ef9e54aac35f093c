//! `[services.NAME]` and `[defaults]`.
use std::time::Duration;

use http::HeaderValue;

use super::{
    Checks,
    circuit::Breaker,
    conflicts::{self, Contender},
    fallback, forward_auth,
    health::Probe,
    layer::Layer,
    load_balance, max_in_flight, route, tls, upstream,
};
use crate::config::{
    HostPolicy, LoadBalance, MaxInFlight, Server, Service,
    diagnose::{Code, Finding},
    raw::{RawConfig, RawDefaults, RawLoadBalance, RawMaxInFlight, RawService},
    read::{At, Entry, Length, OrOff, Text},
};

/// What services inherit.
struct Outer<'s> {
    server: &'s Server,
    layer: Layer,
    probe: Probe,
    breaker: Breaker,
    spread: Spread,
    host: Option<HostPolicy>,
}

/// How requests are spread over upstreams, as one layer says; `None` where it is silent.
struct Spread {
    load_balance: Option<LoadBalance>,
    slow_start: Option<Duration>,
    max_in_flight: Option<MaxInFlight>,
}

impl Spread {
    fn of(
        load_balance: Option<&At<RawLoadBalance>>,
        slow_start: Option<&At<Length>>,
        max_in_flight: Option<&At<RawMaxInFlight>>,
        checks: &mut Checks,
    ) -> Self {
        Self {
            load_balance: load_balance.and_then(|written| load_balance::check(written, checks)),
            slow_start: slow_start.and_then(|at| checks.time_or_zero("slow_start", at)),
            max_in_flight: max_in_flight.and_then(|written| max_in_flight::check(written, checks)),
        }
    }
}

pub(super) fn check_all(raw: &RawConfig, server: &Server, outermost: &Layer, checks: &mut Checks) -> Vec<Service> {
    let empty = RawDefaults::default();
    let defaults = raw.defaults.as_ref().map_or(&empty, |written| &written.value);
    let mut layer = Layer::of_defaults(defaults, checks).over(outermost);
    layer.forward_auth.settle(checks);
    let outer = Outer {
        server,
        layer,
        probe: defaults.health.as_ref().map(|health| Probe::of(&health.value.0, checks)).unwrap_or_default(),
        breaker: Breaker::of(defaults.circuit_breaker.as_ref(), checks),
        spread: Spread::of(
            defaults.load_balance.as_ref(),
            defaults.slow_start.as_ref(),
            defaults.max_in_flight.as_ref(),
            checks,
        ),
        host: defaults.host.as_ref().and_then(|text| host(text, checks)),
    };
    let Some(services) = &raw.services else {
        return Vec::new();
    };
    if services.value.is_empty {
        let finding = Finding::new(Code::NoService, &services.span, "the file has no service");
        let help = "add `[services.NAME]` with `upstreams` and `routes`";
        checks.report(finding.label("no service").help(help));
    }
    let mut contenders = Vec::new();
    let checked = services.value.entries.iter().map(|entry| check(entry, &outer, &mut contenders, checks));
    let checked: Vec<Service> = checked.collect();
    report_routeless(&services.value.entries, checks);
    forward_auth::report_loops(&checked, &services.value.entries, checks);
    conflicts::report(contenders, checks);
    checked
}

fn check<'r>(
    entry: &'r Entry<RawService>,
    outer: &Outer<'_>,
    contenders: &mut Vec<Contender<'r>>,
    checks: &mut Checks,
) -> Service {
    let raw = &entry.value.value;
    check_name(entry, checks);
    let mut layer = Layer::of_service(raw, &outer.layer, checks);
    layer.forward_auth.settle(checks);
    layer.forward_auth.report_self(entry, checks);
    let upstreams = raw.upstreams.as_ref().map(|written| {
        if written.value.is_empty {
            let message = format!("`services.{}` has no upstream", entry.name);
            let finding = Finding::new(Code::NoUpstreams, &written.span, message);
            checks.report(finding.label("no upstream").help("add \"http://127.0.0.1:8001\""));
        }
        upstream::check_all(written, &entry.name, checks)
    });
    let routes = raw.routes.as_ref().map_or(&[][..], |written| &written.value.list);
    let upstreams = upstreams.unwrap_or_default();
    let tls = raw.tls.as_ref().map(|written| tls::of_upstreams(written, &upstreams, checks));
    let checked = routes.iter().filter_map(|written| {
        fallback::report_self(&written.value.0, &entry.name, checks);
        let checked = route::check(&written.value.0, &layer, outer.server, checks)?;
        // A condition that could not be read may be what tells it from another.
        if written.value.0.unread.is_empty() {
            contenders.push(Contender { pattern: checked.pattern.clone(), raw: &written.value.0 });
        }
        Some(checked)
    });
    let routes = checked.collect();
    let spread = Spread::of(raw.load_balance.as_ref(), raw.slow_start.as_ref(), raw.max_in_flight.as_ref(), checks);
    let own_host = raw.host.as_ref().and_then(|text| host(text, checks));
    Service {
        name: entry.name.as_str().into(),
        upstreams,
        tls,
        load_balance: spread.load_balance.or_else(|| outer.spread.load_balance.clone()).unwrap_or_default(),
        slow_start: spread.slow_start.or(outer.spread.slow_start).unwrap_or_default(),
        max_in_flight: spread.max_in_flight.or(outer.spread.max_in_flight),
        critical: raw.critical.as_ref().is_none_or(|critical| critical.value),
        health: check_health(raw, &outer.probe, checks),
        circuit_breaker: Breaker::of(raw.circuit_breaker.as_ref(), checks).over(&outer.breaker).complete(),
        host: own_host.or_else(|| outer.host.clone()).unwrap_or(HostPolicy::Preserve),
        routes,
    }
}

/// Services that nothing is ever sent to.
fn report_routeless(entries: &[Entry<RawService>], checks: &mut Checks) {
    for entry in entries {
        let raw = &entry.value.value;
        let (span, label) = match &raw.routes {
            Some(written) if written.value.is_empty => (&written.span, "no route"),
            None if !raw.unread.contains(&"routes") => (&entry.value.span, "`routes` is missing"),
            _ => continue,
        };
        // An empty list is a fault whatever the others say; what is not there may be meant by a name that is at fault.
        let is_excused = checks.fed.contains(&entry.name) || (raw.routes.is_none() && checks.is_fed_unsure);
        if !is_excused {
            let message = format!("`services.{}` has no route", entry.name);
            let help =
                "add `routes = [\"/users\"]`; or name the service in another one's `split`, `mirror` or `fallback`";
            checks.report(Finding::new(Code::NoRoutes, span, message).label(label).help(help));
        }
    }
}

/// It stands in metrics, logs and URLs of the admin, so it is kept plain.
fn check_name(entry: &Entry<RawService>, checks: &mut Checks) {
    let is_plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
    if !entry.name.is_empty() && entry.name.chars().all(is_plain) {
        return;
    }
    let message = format!("`{}` is not a name for a service", entry.name);
    let finding = Finding::new(Code::BadServiceName, &entry.name_span, message);
    let help = "a name has lower-case letters, digits, `-` and `_`, such as `user-api`";
    checks.report(finding.label("not a name").help(help));
}

fn check_health(raw: &RawService, inherited: &Probe, checks: &mut Checks) -> Option<crate::config::HealthCheck> {
    let Some(written) = &raw.health else {
        return inherited.clone().complete();
    };
    let OrOff::On(health) = &written.value else {
        return None;
    };
    let check = Probe::of(&health.0, checks).over(inherited).complete();
    if check.is_none() && health.0.path.is_none() && !health.0.unread.contains(&"path") {
        let message = "`health` has no path to ask for";
        let finding = Finding::new(Code::MissingKey, &written.span, message);
        checks.report(finding.label("`path` is missing").help("add `path = \"/health\"`"));
    }
    check
}

fn host(text: &At<Text>, checks: &mut Checks) -> Option<HostPolicy> {
    match text.value.as_str() {
        "preserve" => return Some(HostPolicy::Preserve),
        "upstream" => return Some(HostPolicy::Upstream),
        _ => {}
    }
    let authority = text.value.as_str().parse::<http::uri::Authority>().ok();
    let plain = authority.filter(|name| !name.as_str().contains('@') && !name.host().is_empty());
    let name = plain.and_then(|name| HeaderValue::from_str(name.as_str()).ok());
    if name.is_none() {
        let message = format!("`{}` is no host", text.value.shown());
        let finding = Finding::new(Code::BadHost, &text.span, message);
        let help = "write \"preserve\", \"upstream\" or a name such as \"api.internal\"";
        checks.report(finding.label("expected a host").help(help));
    }
    name.map(HostPolicy::Name)
}
