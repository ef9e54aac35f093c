//! Cross-origin requests (the Fetch standard, §3.2).
use http::HeaderMap;

use crate::exchange::Exchange;

/// A route's policy.
#[derive(Debug)]
pub(crate) struct Cors {}

impl Cors {
    pub(crate) fn mark(&self, _exchange: &Exchange, _fields: &mut HeaderMap) {}
}
