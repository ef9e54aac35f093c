//! The rate limit.
use http::{HeaderMap, Request};

use crate::{
    body::Body,
    exchange::{Exchange, Standing},
    rejection::Rejection,
};

/// A route's limit.
#[derive(Debug)]
pub(crate) struct Rate {}

impl Rate {
    pub(crate) fn count(&self, _request: &Request<Body>, _exchange: &mut Exchange) -> Result<(), Rejection> {
        Ok(())
    }

    pub(crate) fn count_by_claim(&self, _exchange: &mut Exchange) -> Result<(), Rejection> {
        Ok(())
    }

    pub(crate) fn mark(&self, _standing: Standing, _fields: &mut HeaderMap) {}
}
