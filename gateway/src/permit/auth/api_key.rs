//! `[[api_key]]`: callers that show a long-lived key.
use std::rc::Rc;

use http::Request;

use crate::{body::Body, exchange::Identity, rejection::Rejection};

/// Every key of the file.
#[derive(Debug)]
pub(crate) struct ApiKeys {}

impl ApiKeys {
    /// Whose key a request shows, if it shows one; the key itself goes no further.
    pub(crate) fn identify(&self, _request: &mut Request<Body>) -> Result<Option<Rc<Identity>>, Rejection> {
        Ok(None)
    }
}
