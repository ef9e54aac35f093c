//! Who may ask.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kit::Problem;
use kit::identity::{ADMIN, Identity, Trust};

/// A service of this system: whoever the request's [`Trust`] holds for, so that a port that others reach
/// sells nothing to those who know no secret. 403 `caller_untrusted` to everyone else. The gateway does
/// not route to what asks for this.
pub(super) struct Service;

impl<S: Send + Sync> FromRequestParts<S> for Service {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let trusted = parts.extensions.get::<Trust>().is_some_and(|trust| trust.holds(&parts.headers));
        trusted.then_some(Self).ok_or_else(|| {
            let detail = "Only services that know GATEWAY_SECRET may do this; set the same one here and there.";
            Problem::forbidden("caller_untrusted", detail)
        })
    }
}

/// A user with the scope `admin`; 401 `token_missing`, 403 `scope_missing`.
pub(super) struct Admin(pub(super) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = Identity::from_request_parts(parts, state).await?;
        if identity.has_scope(ADMIN) {
            Ok(Self(identity))
        } else {
            Err(Problem::forbidden("scope_missing", "This needs the scope admin."))
        }
    }
}
