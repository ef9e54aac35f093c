//! `/notifications`.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use kit::Problem;
use kit::idempotency::{Answer as Rendered, Keyed, Once};
use kit::identity::Identity;
use kit::paging::PageQuery;
use kit::query::Query;
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use super::Api;
use super::bodies::{NewNotification, NotificationBody, NotificationPage};
use super::error::{Answer, Failure};
use crate::application::{Error, Sending};
use crate::domain::{Notification, NotificationId, UserId};

/// How long a request to send waits for a delivery that another has begun, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// Makes a notification that is then sent.
///
/// A webhook is a POST of `{id, subject, message, created_at}`. Its field `X-Signature` is `t=SECONDS,v1=HEX`, where HEX
/// is the HMAC-SHA256 under the operator's secret of `SECONDS.BODY`: check it, and that SECONDS is not long ago.
/// Deliveries may come more than once; those of one notification bear its id as `Idempotency-Key`. Any answer of 200 to
/// 299 is success, all others are tried again; redirects are not followed.
#[utoipa::path(
    post,
    path = "/notifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "A request sent twice under one key has one effect")),
    request_body = NewNotification,
    responses(
        (status = 201, description = "It is pending; Location names it", body = NotificationBody),
        (status = 400, description = "validation_failed; channel_unavailable: the channel is not set up here"),
        (status = 401, description = "token_missing"),
        (status = 422, description = "idempotency_key_reused"),
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    identity: Identity,
    Keyed { body, key }: Keyed<NewNotification>,
) -> Answer<Response> {
    let owner = UserId(identity.user_id);
    let once = Once { key: key.of(&identity.user_id.to_string()), render: rendered };
    Ok(api.application.create(owner, body.parse()?, once).await?.into_response(rendered))
}

/// The caller's notifications.
#[utoipa::path(
    get,
    path = "/notifications",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100, 20 unless said"),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = NotificationPage),
        (status = 400, description = "validation_failed"),
        (status = 401, description = "token_missing"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    identity: Identity,
    Query(query): Query<PageQuery>,
) -> Answer<Json<NotificationPage>> {
    let page = api.application.list(UserId(identity.user_id), query.parse()?).await?;
    Ok(Json(page.into()))
}

/// One of the caller's notifications.
#[utoipa::path(
    get,
    path = "/notifications/{id}",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The notification", body = NotificationBody),
        (status = 401, description = "token_missing"),
        (status = 404, description = "notification_not_found: there is none, or it is another's"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    identity: Identity,
    Named(id): Named,
) -> Answer<Json<NotificationBody>> {
    let notification = api.application.get(UserId(identity.user_id), id).await?;
    Ok(Json((&notification).into()))
}

/// Sends a pending or failed one at once; one that is sent stays as it is.
#[utoipa::path(
    post,
    path = "/notifications/{id}/send",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "How far it is now: sent; or pending or failed with the error", body = NotificationBody),
        (status = 401, description = "token_missing"),
        (status = 404, description = "notification_not_found: there is none, or it is another's"),
    )
)]
pub(super) async fn send(
    State(api): State<Api>,
    identity: Identity,
    Named(id): Named,
) -> Answer<Json<NotificationBody>> {
    let owner = UserId(identity.user_id);
    // In a task of its own: a client that goes away must not end a delivery before it is stored.
    let sending = async move {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match api.application.send(owner, id).await? {
                Sending::UnderWay(_) if Instant::now() < deadline => tokio::time::sleep(LOOK).await,
                Sending::Over(notification) | Sending::UnderWay(notification) => return Ok(notification),
            }
        }
    };
    let sent: Result<Notification, Error> = tokio::spawn(sending.in_current_span()).await.map_err(Problem::internal)?;
    Ok(Json((&sent?).into()))
}

/// Deletes one of the caller's notifications.
#[utoipa::path(
    delete,
    path = "/notifications/{id}",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "token_missing"),
        (status = 404, description = "notification_not_found: there is none, or it is another's"),
    )
)]
pub(super) async fn delete(State(api): State<Api>, identity: Identity, Named(id): Named) -> Answer<StatusCode> {
    api.application.delete(UserId(identity.user_id), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The answer to a new notification, as it is stored for its key.
fn rendered(notification: &Notification) -> Rendered {
    Rendered::created(format!("/notifications/{}", notification.id), &NotificationBody::from(notification))
}

/// The notification that the path names. What is no UUID names none.
pub(super) struct Named(NotificationId);

impl FromRequestParts<Api> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, api).await.ok();
        let id = path.and_then(|Path(text)| Uuid::try_parse(&text).ok());
        Ok(Self(NotificationId(id.ok_or(Error::NotFound)?)))
    }
}
