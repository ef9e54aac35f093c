//! Who calls.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kit::Problem;
use kit::identity::{Identity, bearer};

use super::Api;
use super::error::Failure;
use crate::application::Caller;
use crate::domain::{Scope, UserId};

/// A handler that takes this answers 401 to whoever does not prove an identity: by the gateway's
/// fields where `TRUST_IDENTITY_HEADERS` says that only the gateway writes them, else by a bearer
/// token of this service. Without that setting the fields are not even looked at.
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Api> for Authenticated {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        if api.trust_identity_headers
            && let Some(identity) = Identity::from_headers(&parts.headers)?
        {
            let scope = Scope::new(identity.scope);
            return Ok(Self(Caller { id: UserId(identity.user_id), scope }));
        }
        let Some(token) = bearer(&parts.headers)? else {
            let detail = "Send an access token: Authorization: Bearer TOKEN.";
            return Err(Problem::unauthorized("token_missing", detail).into());
        };
        Ok(Self(api.application.verify(token)?.into()))
    }
}
