//! `timeouts` of `[defaults]`, a service or a route.
use std::time::Duration;

use super::Checks;
use crate::config::{
    UpstreamTimeouts,
    raw::RawTimeouts,
    read::{At, Length, OrOff},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    connect: Option<Duration>,
    request: Option<Duration>,
    idle: Option<Duration>,
    tunnel_idle: Option<Duration>,
    body_idle: Option<OrOff<Duration>>,
    total: Option<OrOff<Duration>>,
}

impl Times {
    pub(super) fn of(written: Option<&At<RawTimeouts>>, checks: &mut Checks) -> Self {
        let Some(At { value: raw, .. }) = written else { return Self::default() };
        let mut time = |key, at: Option<&At<Length>>| at.and_then(|at| checks.time(key, at));
        Self {
            connect: time("connect", raw.connect.as_ref()),
            request: time("request", raw.request.as_ref()),
            idle: time("idle", raw.idle.as_ref()),
            tunnel_idle: time("tunnel_idle", raw.tunnel_idle.as_ref()),
            body_idle: or_off("body_idle", raw.body_idle.as_ref(), checks),
            total: or_off("total", raw.total.as_ref(), checks),
        }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            connect: self.connect.or(outer.connect),
            request: self.request.or(outer.request),
            idle: self.idle.or(outer.idle),
            tunnel_idle: self.tunnel_idle.or(outer.tunnel_idle),
            body_idle: self.body_idle.or_else(|| outer.body_idle.clone()),
            total: self.total.or_else(|| outer.total.clone()),
        }
    }

    /// What holds once nobody else has a say.
    pub(super) fn complete(&self) -> UpstreamTimeouts {
        let unless_said = UpstreamTimeouts::default();
        UpstreamTimeouts {
            connect: self.connect.unwrap_or(unless_said.connect),
            request: self.request.unwrap_or(unless_said.request),
            idle: self.idle.unwrap_or(unless_said.idle),
            tunnel_idle: self.tunnel_idle.unwrap_or(unless_said.tunnel_idle),
            body_idle: self.body_idle.clone().and_then(OrOff::on),
            total: self.total.clone().and_then(OrOff::on),
        }
    }
}

fn or_off(key: &str, written: Option<&At<OrOff<Length>>>, checks: &mut Checks) -> Option<OrOff<Duration>> {
    let At { value, span, .. } = written?;
    match value {
        OrOff::Off => Some(OrOff::Off),
        OrOff::On(length) => checks.time(key, &At { value: *length, span: span.clone() }).map(OrOff::On),
    }
}
