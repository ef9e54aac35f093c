//! `/users`.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use kit::etag::{ETag, IfMatch};
use kit::idempotency::{Answer as StoredAnswer, Keyed, Once};
use kit::json::Json as Body;
use kit::paging::{Page, PageQuery};
use kit::query::Query;
use uuid::Uuid;

use super::Api;
use super::answers::UserBody;
use super::caller::Authenticated;
use super::error::{Answer, Failure};
use super::requests::{RegisterBody, UpdateBody};
use crate::application::Error;
use crate::domain::{User, UserId};

/// 201 with the user, its `Location` and its `ETag`; 409 `email_taken`. With an `Idempotency-Key` it may be sent
/// again: 422 `idempotency_key_reused` for another body.
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer.")),
    request_body = RegisterBody,
    responses(
        (status = 201, body = UserBody, headers(
            ("Location" = String, description = "The user's path."),
            ("ETag" = String, description = "The user's version."),
        )),
        (status = 400, description = "`validation_failed`"),
        (status = 409, description = "`email_taken`"),
        (status = 422, description = "`idempotency_key_reused`"),
    ),
)]
pub(super) async fn register(
    State(api): State<Api>,
    Keyed { body, key }: Keyed<RegisterBody>,
) -> Answer<impl IntoResponse> {
    let registration = body.parse()?;
    // A newcomer has no identity yet. Its e-mail keeps its keys apart from others'.
    let once = Once { key: key.of(&registration.email.key()), render: registered };
    Ok(api.application.register(registration, once).await?.into_response(registered))
}

/// The answer to a newcomer; nothing in it is secret, for it is stored.
fn registered(user: &User) -> StoredAnswer {
    let location = format!("/users/{}", user.id);
    StoredAnswer::created(location, &UserBody::from(user.clone())).with_etag(ETag(user.version))
}

/// A page of users, for administrators.
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    params(PageQuery),
    responses(
        (status = 200, body = Page<UserBody>),
        (status = 401, description = "no token, or none that is good"),
        (status = 403, description = "`scope_missing`"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(query): Query<PageQuery>,
) -> Answer<Json<Page<UserBody>>> {
    let page = api.application.list_users(&caller, query.parse()?).await?;
    Ok(Json(page.map(UserBody::from)))
}

/// One user with its version as `ETag`, for itself and administrators.
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "users",
    params(("id" = Uuid, Path, description = "The user.")),
    responses(
        (status = 200, body = UserBody, headers(("ETag" = String, description = "The user's version."))),
        (status = 401, description = "no token, or none that is good"),
        (status = 403, description = "`not_yours`"),
        (status = 404, description = "`user_not_found`"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn get(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Named(id): Named,
) -> Answer<impl IntoResponse> {
    let user = api.application.get_user(&caller, id).await?;
    Ok((ETag(user.version), Json(UserBody::from(user))))
}

/// Replaces name and e-mail, for the user itself and administrators; with `If-Match` only in the version
/// that it names, 412 `precondition_failed` otherwise.
#[utoipa::path(
    put,
    path = "/users/{id}",
    tag = "users",
    params(
        ("id" = Uuid, Path, description = "The user."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is to be changed."),
    ),
    request_body = UpdateBody,
    responses(
        (status = 200, body = UserBody, headers(("ETag" = String, description = "The user's version."))),
        (status = 400, description = "`validation_failed`"),
        (status = 401, description = "no token, or none that is good"),
        (status = 403, description = "`not_yours`"),
        (status = 404, description = "`user_not_found`"),
        (status = 409, description = "`email_taken`"),
        (status = 412, description = "`precondition_failed`"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn update(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Named(id): Named,
    condition: IfMatch,
    Body(body): Body<UpdateBody>,
) -> Answer<impl IntoResponse> {
    // Before the body's faults: who may not change the user is not told how to.
    caller.require_self_or_admin(id)?;
    let user = api.application.update_user(&caller, id, body.parse()?, &condition).await?;
    Ok((ETag(user.version), Json(UserBody::from(user))))
}

/// The user that the path names. What is no UUID names no user.
pub(super) struct Named(UserId);

impl FromRequestParts<Api> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, api).await.ok();
        let id = path.and_then(|Path(text)| Uuid::try_parse(&text).ok());
        Ok(Self(UserId(id.ok_or(Error::UserNotFound)?)))
    }
}
