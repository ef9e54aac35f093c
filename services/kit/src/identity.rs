//! Who calls: from the fields that the gateway sets once it has verified a token.
//!
//! Anyone who reaches a service's port can write these fields. They mean something only where nothing
//! but the gateway can have written them, which [`Trust`] decides.

mod trust;

pub use trust::{GATEWAY_SECRET, Trust};

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::Problem;

/// The scope that may see and change what belongs to others.
pub const ADMIN: &str = "admin";

/// A caller whose identity was proved. As an extractor it answers 401 `token_missing` to everyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's id: the token's `sub`.
    pub user_id: Uuid,
    /// The user's e-mail at the time the token was made.
    pub email: Option<String>,
    /// The space-separated scopes of the token.
    pub scope: String,
}

impl Identity {
    /// Reads `X-User-Id`, `X-User-Email` and `X-User-Scope`; `None` without the first, or where the
    /// request's [`Trust`] says that the gateway did not write them. A field that is there twice, or an
    /// id that is no UUID, is 400: the gateway never sends that.
    pub fn of(parts: &Parts) -> Result<Option<Self>, Problem> {
        let trusted = parts.extensions.get::<Trust>().is_some_and(|trust| trust.holds(&parts.headers));
        if trusted { Self::from_headers(&parts.headers) } else { Ok(None) }
    }

    fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(id) = single(headers, "x-user-id")? else {
            return Ok(None);
        };
        let user_id = Uuid::parse_str(id).map_err(|_| Problem::bad_request("X-User-Id is not a UUID."))?;
        let email = single(headers, "x-user-email")?.map(ToOwned::to_owned);
        let scope = single(headers, "x-user-scope")?.unwrap_or_default().to_owned();
        Ok(Some(Self { user_id, email, scope }))
    }

    /// Whether `scope` is among the caller's.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|own| own == scope)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(parts)?.ok_or_else(|| {
            Problem::unauthorized(
                "token_missing",
                "Call by the gateway, with an access token: Authorization: Bearer TOKEN.",
            )
        })
    }
}

/// The token of `Authorization: Bearer …`; `None` without the field. Two of them, or another
/// scheme, are 400 and 401 `token_malformed`.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = single(headers, AUTHORIZATION.as_str())? else {
        return Ok(None);
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => {
            let detail = "Authorization must be a bearer token.";
            Err(Problem::unauthorized("token_malformed", detail))
        }
    }
}

/// The field's one value as text.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Problem::bad_request(format!("The field {name} is there twice.")));
    }
    first
        .map(HeaderValue::to_str)
        .transpose()
        .map_err(|_| Problem::bad_request(format!("The field {name} is not ASCII.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn identity_is_what_the_gateway_wrote() {
        let sent = [("x-user-id", ID), ("x-user-email", "a@b.c"), ("x-user-scope", "admin read")];
        let identity = Identity::from_headers(&headers(&sent)).unwrap().unwrap();
        assert_eq!(identity.user_id.to_string(), ID);
        assert!(identity.has_scope("admin") && identity.has_scope("read"));
        assert!(!identity.has_scope("adm") && !identity.has_scope("admin read"));
        assert_eq!(Identity::from_headers(&headers(&[])).unwrap(), None);
        assert!(Identity::from_headers(&headers(&[("x-user-id", "7")])).is_err());
        let twice = headers(&[("x-user-id", ID), ("x-user-id", ID)]);
        assert!(Identity::from_headers(&twice).is_err());
    }

    #[test]
    fn only_a_lone_bearer_is_a_token() {
        fn check(pairs: &[(&'static str, &'static str)], expected: Result<Option<&str>, u16>) {
            let headers = headers(pairs);
            let found = bearer(&headers).map_err(|problem| problem.status().as_u16());
            assert_eq!(found, expected, "{pairs:?}");
        }
        check(&[], Ok(None));
        check(&[("authorization", "Bearer abc")], Ok(Some("abc")));
        check(&[("authorization", "bearer  abc")], Ok(Some("abc")));
        check(&[("authorization", "Basic abc")], Err(401));
        check(&[("authorization", "Bearer")], Err(401));
        check(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Err(400));
    }
}
