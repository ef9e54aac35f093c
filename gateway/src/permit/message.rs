//! What a request must look like: content types, required fields, a body's schema.
use http::Request;

use crate::{body::Body, rejection::Rejection};

/// What a route takes.
#[derive(Debug)]
pub(crate) struct Message {}

impl Message {
    pub(crate) fn check(&self, _request: &Request<Body>) -> Result<(), Rejection> {
        Ok(())
    }

    pub(crate) async fn check_body(&self, _request: &mut Request<Body>) -> Result<(), Rejection> {
        Ok(())
    }
}
