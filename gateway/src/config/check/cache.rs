//! `cache`.
use super::Checks;
use crate::config::{
    CacheRules,
    raw::{RawCache, RawConfig},
    read::{At, OrOff, Toggle},
};

const GIB: u64 = 1 << 30;
/// What all stored answers may take unless the file says otherwise, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// What all stored answers may take.
pub(super) fn size(raw: &RawConfig, checks: &mut Checks) -> u64 {
    let written = raw.cache.as_ref().and_then(|cache| cache.value.max_size.as_ref());
    written.and_then(|at| checks.size("max_size", at, 1024..=1024 * GIB)).unwrap_or(MAX_SIZE)
}

/// What one layer says; `None` where it is silent.
pub(super) fn check(written: Option<&At<Toggle<RawCache>>>, checks: &mut Checks) -> Option<OrOff<CacheRules>> {
    let raw = match &written?.value {
        Toggle::Off => return Some(OrOff::Off),
        Toggle::On => return Some(OrOff::On(CacheRules::default())),
        Toggle::As(raw) => raw,
    };
    let default = CacheRules::default();
    let mut grace =
        |key, written: Option<&At<_>>| written.and_then(|at| checks.time_or_zero(key, at)).unwrap_or_default();
    let stale_while_revalidate = grace("stale_while_revalidate", raw.stale_while_revalidate.as_ref());
    let stale_if_error = grace("stale_if_error", raw.stale_if_error.as_ref());
    Some(OrOff::On(CacheRules {
        max_body: raw.max_body.as_ref().and_then(|at| checks.size("max_body", at, 0..=GIB)).unwrap_or(default.max_body),
        ttl: raw.ttl.as_ref().and_then(|at| checks.time("ttl", at)),
        stale_while_revalidate,
        stale_if_error,
        set_cookie: raw.set_cookie.as_ref().is_some_and(|at| at.value),
    }))
}
