//! Who calls.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kit::Problem;
use kit::identity::{Identity, bearer};

use super::Api;
use super::error::Failure;
use crate::application::Caller;
use crate::domain::{Scope, UserId};

/// A handler that takes this answers 401 to whoever does not prove an identity: by the fields
/// that the gateway sets, where they are the gateway's (see [`kit::identity::Trust`]), else by a bearer
/// token of this service.
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Api> for Authenticated {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        if let Some(identity) = Identity::of(parts)? {
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
