//! What `[defaults]`, a service and a route can all say, and how the inner says it over the outer.
use std::sync::Arc;

use http::HeaderName;

use super::{
    Checks,
    auth::Asked,
    cache, cors,
    forward_auth::Setting,
    headers::{self, Rules},
    hedge::Hedges,
    rate_limit::{self, Limit},
    retry::Retries,
    timeouts::Times,
    traffic, validation,
};
use crate::{
    config::{
        CacheRules, Coding, Hedge, LimitScope, Limits, RateLimit, Retry, UpstreamTimeouts,
        raw::{RawBodyLimit, RawConfig, RawDefaults, RawHeaderRules, RawRoute, RawService, RawTimeouts},
        read::{At, OrOff},
    },
    permit::{cors::Cors, validation::ContentTypes},
};

/// One level's settings, checked; `None` where it is silent. Each value is checked where it is written, so that a fault
/// in `[defaults]` is one fault, not one for each service.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    times: Times,
    max_body: Option<u64>,
    pub(super) auth: Asked,
    rate_limit: Limit,
    retries: Retries,
    hedges: Hedges,
    pub(super) request_headers: Rules,
    pub(super) response_headers: Rules,
    pub(super) forward_auth: Setting,
    cors: Option<OrOff<Arc<Cors>>>,
    content_types: Option<OrOff<Arc<ContentTypes>>>,
    required_headers: Option<Arc<[HeaderName]>>,
    compress: Option<Arc<[Coding]>>,
    cache: Option<OrOff<CacheRules>>,
}

/// What a service and a route say alike: their tables are two types with the same keys.
macro_rules! inner {
    ($raw:ident, $scope:expr, $outer:ident, $checks:ident) => {{
        let headers = ($raw.request_headers.as_ref(), $raw.response_headers.as_ref());
        let own = Self {
            rate_limit: Limit::of($raw.rate_limit.as_ref(), $scope, $checks),
            retries: Retries::of($raw.retry.as_ref(), $checks),
            hedges: Hedges::of($raw.hedge.as_ref(), $checks),
            auth: Asked::of($raw.auth.as_ref(), $raw.scopes.as_ref(), Some(&$outer.auth), $checks),
            forward_auth: Setting::or_off($raw.forward_auth.as_ref(), $checks),
            cors: cors::check($raw.cors.as_ref(), $checks),
            content_types: validation::or_off($raw.content_types.as_ref(), $checks, validation::content_types),
            required_headers: validation::or_off($raw.required_headers.as_ref(), $checks, validation::required_headers),
            compress: traffic::compress($raw.compress.as_ref(), $checks),
            cache: cache::check($raw.cache.as_ref(), $checks),
            ..Self::of($raw.timeouts.as_ref(), $raw.limits.as_ref(), headers, $checks)
        };
        own.over($outer)
    }};
}

impl Layer {
    /// What the file says at its top, outside of every service and of `[defaults]`.
    pub(super) fn of_file(raw: &RawConfig, checks: &mut Checks) -> Self {
        let rate_limit = raw.rate_limit.as_ref().map(|raw| rate_limit::of_file(raw, checks));
        let cors = raw.cors.as_ref().and_then(|written| cors::policy(&written.value, checks));
        Self { rate_limit: rate_limit.unwrap_or_default(), cors: cors.map(OrOff::On), ..Self::default() }
    }

    pub(super) fn of_defaults(raw: &RawDefaults, checks: &mut Checks) -> Self {
        let headers = (raw.request_headers.as_ref(), raw.response_headers.as_ref());
        let rate_limit = Limit::of(raw.rate_limit.as_ref(), LimitScope::Service, checks);
        let auth = Asked::of(raw.auth.as_ref(), raw.scopes.as_ref(), None, checks);
        let forward_auth = Setting::of(raw.forward_auth.as_ref(), checks);
        Self {
            rate_limit,
            retries: Retries::of(raw.retry.as_ref(), checks),
            hedges: Hedges::of(raw.hedge.as_ref(), checks),
            auth,
            forward_auth,
            cors: cors::check(raw.cors.as_ref(), checks),
            content_types: raw.content_types.as_ref().map(|list| validation::content_types(list, checks)),
            required_headers: raw.required_headers.as_ref().map(|list| validation::required_headers(list, checks)),
            compress: traffic::compress(raw.compress.as_ref(), checks),
            cache: cache::check(raw.cache.as_ref(), checks),
            ..Self::of(raw.timeouts.as_ref(), raw.limits.as_ref(), headers, checks)
        }
    }

    pub(super) fn of_service(raw: &RawService, outer: &Self, checks: &mut Checks) -> Self {
        inner!(raw, LimitScope::Service, outer, checks)
    }

    pub(super) fn of_route(raw: &RawRoute, outer: &Self, checks: &mut Checks) -> Self {
        inner!(raw, LimitScope::Route, outer, checks)
    }

    fn of(
        timeouts: Option<&At<RawTimeouts>>,
        limits: Option<&At<RawBodyLimit>>,
        (request, response): (Option<&At<RawHeaderRules>>, Option<&At<RawHeaderRules>>),
        checks: &mut Checks,
    ) -> Self {
        Self {
            times: Times::of(timeouts, checks),
            max_body: limits.and_then(|limits| limits.value.body.as_ref()).map(|at| at.value.0),
            request_headers: headers::of_requests(request, checks),
            response_headers: headers::check(response, checks),
            ..Self::default()
        }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            times: self.times.over(&outer.times),
            max_body: self.max_body.or(outer.max_body),
            auth: self.auth.over(&outer.auth),
            rate_limit: self.rate_limit.over(&outer.rate_limit),
            retries: self.retries.over(&outer.retries),
            hedges: self.hedges.over(&outer.hedges),
            request_headers: self.request_headers.over(&outer.request_headers),
            response_headers: self.response_headers.over(&outer.response_headers),
            forward_auth: self.forward_auth.over(&outer.forward_auth),
            cors: self.cors.or_else(|| outer.cors.clone()),
            content_types: self.content_types.or_else(|| outer.content_types.clone()),
            required_headers: self.required_headers.or_else(|| outer.required_headers.clone()),
            compress: self.compress.or_else(|| outer.compress.clone()),
            cache: self.cache.or_else(|| outer.cache.clone()),
        }
    }

    /// The policy for requests from another origin, unless there is none or it is turned off.
    pub(super) fn cors(&self) -> Option<Arc<Cors>> {
        self.cors.clone().and_then(OrOff::on)
    }

    /// The types of body that are taken; `None` for any.
    pub(super) fn content_types(&self) -> Option<Arc<ContentTypes>> {
        self.content_types.clone().and_then(OrOff::on)
    }

    /// The fields that a request must have.
    pub(super) fn required_headers(&self) -> Arc<[HeaderName]> {
        self.required_headers.clone().unwrap_or_default()
    }

    /// How answers are stored, unless they are not.
    pub(super) fn cache(&self) -> Option<CacheRules> {
        self.cache.clone().and_then(OrOff::on)
    }

    /// The codings that answers may be compressed in.
    pub(super) fn compress(&self) -> Arc<[Coding]> {
        self.compress.clone().unwrap_or_default()
    }

    /// What holds once nobody else has a say.
    pub(super) fn timeouts(&self) -> UpstreamTimeouts {
        self.times.complete()
    }

    /// In bytes; the server's own limit holds where no layer has one.
    pub(super) fn max_body(&self, server: &Limits) -> u64 {
        self.max_body.unwrap_or(server.body)
    }

    /// When a request is sent again; `None` for never.
    pub(super) fn retry(&self) -> Option<Retry> {
        self.retries.complete()
    }

    /// When a request is sent to another upstream as well; `None` for never.
    pub(super) fn hedge(&self) -> Option<Hedge> {
        self.hedges.complete()
    }

    /// The innermost limit that there is, unless it is turned off.
    pub(super) fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit.clone().on()
    }
}
