//! `[[jwt]]`: callers that show a token.
use std::rc::Rc;

use http::Request;

use crate::{
    body::Body,
    exchange::{Exchange, Identity},
    rejection::Rejection,
};

/// Every issuer of the file.
#[derive(Debug)]
pub(crate) struct Issuers {}

impl Issuers {
    /// Whose token a request shows, if it shows one.
    pub(crate) async fn identify(
        &self,
        _request: &Request<Body>,
        _exchange: &Exchange,
    ) -> Result<Option<Rc<Identity>>, Rejection> {
        Ok(None)
    }
}
