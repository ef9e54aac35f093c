//! Who calls, and whether they may: a token, an API key, and the scopes that a route asks for.
use std::{rc::Rc, sync::Arc};

use api_key::Shown;
use http::{HeaderValue, Request};

use crate::{
    body::Body,
    exchange::{Exchange, Identity},
    rejection::{API_KEY_CHALLENGE, Rejection, TokenFault},
};

pub(crate) mod api_key;
pub(crate) mod jwt;

/// What a route asks of its caller. A route with `auth = "none"` has none of this.
#[derive(Debug)]
pub(crate) struct Auth {
    /// `auth = "optional"`: nobody needs a credential, but one that is shown must be good.
    pub(crate) is_optional: bool,
    /// Every one of them is needed.
    pub(crate) scopes: Vec<Box<str>>,
    /// `[[jwt]]`.
    pub(crate) tokens: Option<Arc<jwt::Issuers>>,
    /// `[[api_key]]`.
    pub(crate) keys: Option<Arc<api_key::ApiKeys>>,
}

impl Auth {
    /// Finds out who calls. Every credential that is shown must be good; where there is a token, it says who it is.
    pub(crate) async fn check(
        &self,
        request: &Request<Body>,
        shown: Shown,
        exchange: &mut Exchange,
    ) -> Result<(), Rejection> {
        let by_key = match &self.keys {
            Some(keys) => keys.identify(shown)?.map(|index| Rc::clone(&exchange.worker.key_holders[index])),
            None => None,
        };
        let by_token = match &self.tokens {
            Some(tokens) => tokens.identify(request, exchange).await?,
            None => None,
        };
        let Some(identity) = by_token.or(by_key) else {
            return if self.is_optional && self.scopes.is_empty() {
                Ok(())
            } else {
                Err(Rejection::Unauthorized(TokenFault::Missing))
            };
        };
        self.allows(&identity)?;
        exchange.identity = Some(identity);
        Ok(())
    }

    /// What a caller without a credential is told to show, one value of `WWW-Authenticate` each.
    pub(crate) fn challenges(&self) -> impl Iterator<Item = HeaderValue> {
        let bearer = self.tokens.is_some().then_some(HeaderValue::from_static("Bearer realm=\"gateway\""));
        bearer.into_iter().chain(self.keys.is_some().then_some(API_KEY_CHALLENGE))
    }

    fn allows(&self, identity: &Rc<Identity>) -> Result<(), Rejection> {
        match self.scopes.iter().find(|scope| !identity.scopes.contains(scope)) {
            Some(missing) => Err(Rejection::ScopeMissing { needed: missing.clone() }),
            None => Ok(()),
        }
    }
}
