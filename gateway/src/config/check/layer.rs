//! What `[defaults]`, a service and a route can all say, and how the inner says it over the outer.
use std::time::Duration;

use super::{
    Checks,
    auth::Asked,
    forward_auth::Setting,
    headers::{self, Rules},
};
use crate::config::{
    Limits, UpstreamTimeouts,
    raw::{RawBodyLimit, RawDefaults, RawHeaderRules, RawRoute, RawService, RawTimeouts},
    read::At,
};

/// One level's settings, checked; `None` where it is silent. Each value is checked where it is written, so that a fault
/// in `[defaults]` is one fault, not one for each service.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    connect: Option<Duration>,
    request: Option<Duration>,
    idle: Option<Duration>,
    max_body: Option<u64>,
    pub(super) auth: Asked,
    pub(super) request_headers: Rules,
    pub(super) response_headers: Rules,
    pub(super) forward_auth: Setting,
}

impl Layer {
    pub(super) fn of_defaults(raw: &RawDefaults, checks: &mut Checks) -> Self {
        let headers = (raw.request_headers.as_ref(), raw.response_headers.as_ref());
        let auth = Asked::of(raw.auth.as_ref(), raw.scopes.as_ref(), None, checks);
        let forward_auth = Setting::of(raw.forward_auth.as_ref(), checks);
        Self { auth, forward_auth, ..Self::of(raw.timeouts.as_ref(), raw.limits.as_ref(), headers, checks) }
    }

    pub(super) fn of_service(raw: &RawService, outer: &Self, checks: &mut Checks) -> Self {
        let headers = (raw.request_headers.as_ref(), raw.response_headers.as_ref());
        let auth = Asked::of(raw.auth.as_ref(), raw.scopes.as_ref(), Some(&outer.auth), checks);
        let forward_auth = Setting::or_off(raw.forward_auth.as_ref(), checks);
        let own = Self { auth, forward_auth, ..Self::of(raw.timeouts.as_ref(), raw.limits.as_ref(), headers, checks) };
        own.over(outer)
    }

    pub(super) fn of_route(raw: &RawRoute, outer: &Self, checks: &mut Checks) -> Self {
        let headers = (raw.request_headers.as_ref(), raw.response_headers.as_ref());
        let auth = Asked::of(raw.auth.as_ref(), raw.scopes.as_ref(), Some(&outer.auth), checks);
        let forward_auth = Setting::or_off(raw.forward_auth.as_ref(), checks);
        let own = Self { auth, forward_auth, ..Self::of(raw.timeouts.as_ref(), raw.limits.as_ref(), headers, checks) };
        own.over(outer)
    }

    fn of(
        timeouts: Option<&At<RawTimeouts>>,
        limits: Option<&At<RawBodyLimit>>,
        (request, response): (Option<&At<RawHeaderRules>>, Option<&At<RawHeaderRules>>),
        checks: &mut Checks,
    ) -> Self {
        let mut time = |key, pick: fn(&RawTimeouts) -> Option<&At<_>>| {
            let written = timeouts.and_then(|timeouts| pick(&timeouts.value));
            written.and_then(|written| checks.time(key, written))
        };
        Self {
            connect: time("connect", |raw| raw.connect.as_ref()),
            request: time("request", |raw| raw.request.as_ref()),
            idle: time("idle", |raw| raw.idle.as_ref()),
            max_body: limits.and_then(|limits| limits.value.body.as_ref()).map(|at| at.value.0),
            auth: Asked::default(),
            request_headers: headers::of_requests(request, checks),
            response_headers: headers::check(response, checks),
            forward_auth: Setting::Silent,
        }
    }

    /// This layer, with what it is silent about from `outer`.
    fn over(self, outer: &Self) -> Self {
        Self {
            connect: self.connect.or(outer.connect),
            request: self.request.or(outer.request),
            idle: self.idle.or(outer.idle),
            max_body: self.max_body.or(outer.max_body),
            auth: self.auth.over(&outer.auth),
            request_headers: self.request_headers.over(&outer.request_headers),
            response_headers: self.response_headers.over(&outer.response_headers),
            forward_auth: self.forward_auth.over(&outer.forward_auth),
        }
    }

    /// What holds once nobody else has a say.
    pub(super) fn timeouts(&self) -> UpstreamTimeouts {
        UpstreamTimeouts {
            connect: self.connect.unwrap_or(Duration::from_secs(2)),
            request: self.request.unwrap_or(Duration::from_secs(30)),
            idle: self.idle.unwrap_or(Duration::from_secs(50)),
        }
    }

    /// In bytes; the server's own limit holds where no layer has one.
    pub(super) fn max_body(&self, server: &Limits) -> u64 {
        self.max_body.unwrap_or(server.body)
    }
}
