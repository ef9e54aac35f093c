//! Who may ask.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kit::Problem;
use kit::identity::{ADMIN, Identity, Trust};

/// A service of this system: where a secret is set, whoever knows it. The gateway does not route to
/// what asks for this, so that without a secret it is the network that keeps others away.
pub(super) struct Service;

impl<S: Send + Sync> FromRequestParts<S> for Service {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Trust>() {
            Some(trust @ Trust::Secret(_)) if !trust.holds(&parts.headers) => {
                let detail = "Only services that know GATEWAY_SECRET may do this.";
                Err(Problem::forbidden("caller_untrusted", detail))
            }
            _ => Ok(Self),
        }
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
