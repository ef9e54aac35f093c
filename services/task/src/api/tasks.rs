//! `/tasks`.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kit::etag::ETag;
use kit::idempotency::{Answer as Stored, Keyed, Once};
use kit::identity::Identity;
use kit::paging::{Page, PageQuery};
use kit::query::Query;

use super::Api;
use super::bodies::{TaskBody, TaskFields};
use super::error::Answer;
use super::filter::TasksQuery;
use crate::domain::{OwnerId, Task};

/// Make a task
#[utoipa::path(
    post,
    path = "/tasks",
    tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer.")),
    request_body = TaskFields,
    responses(
        (
            status = 201,
            body = TaskBody,
            headers(("Location" = String, description = "The task's path."), ("ETag" = String, description = "Its version."))
        ),
        (status = 400, description = "`validation_failed`: `errors` names each field"),
        (status = 401, description = "no token, or none that is good"),
        (status = 422, description = "`idempotency_key_reused`: the key was sent with another body"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn create(
    State(api): State<Api>,
    identity: Identity,
    Keyed { body, key }: Keyed<TaskFields>,
) -> Answer<Response> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render };
    let done = api.create_task(OwnerId(identity.user_id), body.parse()?, once).await?;
    Ok(done.into_response(render))
}

/// List your tasks, oldest first
#[utoipa::path(
    get,
    path = "/tasks",
    tag = "tasks",
    params(
        ("completed" = Option<bool>, Query, description = "Only those that are completed, or are not"),
        ("category_id" = Option<Uuid>, Query, description = "Only those of this category"),
        PageQuery,
    ),
    responses(
        (status = 200, body = Page<TaskBody>),
        (status = 400, description = "`validation_failed`: `errors` names each field"),
        (status = 401, description = "no token, or none that is good"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn list(
    State(api): State<Api>,
    identity: Identity,
    Query(query): Query<TasksQuery>,
) -> Answer<Json<Page<TaskBody>>> {
    let (filter, request) = query.parse()?;
    let page = api.list_tasks(OwnerId(identity.user_id), filter, request).await?;
    Ok(Json(page.map(|task| TaskBody::from(&task))))
}

fn render(task: &Task) -> Stored {
    Stored::created(format!("/tasks/{}", task.id), &TaskBody::from(task)).with_etag(ETag(task.version))
}
