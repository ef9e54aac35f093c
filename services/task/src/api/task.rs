//! `/tasks/{id}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kit::etag::{ETag, IfMatch};
use kit::identity::Identity;
use kit::json::Json as Body;

use super::Api;
use super::bodies::{TaskBody, TaskFields};
use super::error::Answer;
use super::named::NamedTask;
use crate::domain::{OwnerId, Task};

/// A task with its version.
type Versioned = (ETag, Json<TaskBody>);

/// Read a task
#[utoipa::path(
    get,
    path = "/tasks/{id}",
    tag = "tasks",
    params(("id" = Uuid, Path, description = "The task.")),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "The task's version."))),
        (status = 401, description = "no token, or none that is good"),
        (status = 404, description = "`task_not_found`: you have no such task"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn get(State(api): State<Api>, identity: Identity, NamedTask(id): NamedTask) -> Answer<Versioned> {
    Ok(versioned(&api.get_task(OwnerId(identity.user_id), id).await?))
}

/// Replace what you wrote of a task
///
/// What is not given is emptied. Whether it is completed stays.
#[utoipa::path(
    put,
    path = "/tasks/{id}",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the task as you know it."),
    ),
    request_body = TaskFields,
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "The task's version."))),
        (status = 400, description = "`validation_failed`: `errors` names each field"),
        (status = 401, description = "no token, or none that is good"),
        (status = 404, description = "`task_not_found`: you have no such task"),
        (status = 412, description = "`precondition_failed`: it has changed meanwhile"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn update(
    State(api): State<Api>,
    identity: Identity,
    NamedTask(id): NamedTask,
    if_match: IfMatch,
    Body(body): Body<TaskFields>,
) -> Answer<Versioned> {
    let expected = |version| if_match.holds(version);
    let task = api.update_task(OwnerId(identity.user_id), id, body.parse()?, expected).await?;
    Ok(versioned(&task))
}

/// Delete a task
#[utoipa::path(
    delete,
    path = "/tasks/{id}",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the task as you know it."),
    ),
    responses(
        (status = 204, description = "it is gone"),
        (status = 401, description = "no token, or none that is good"),
        (status = 404, description = "`task_not_found`: you have no such task"),
        (status = 412, description = "`precondition_failed`: it has changed meanwhile"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    identity: Identity,
    NamedTask(id): NamedTask,
    if_match: IfMatch,
) -> Answer<StatusCode> {
    api.delete_task(OwnerId(identity.user_id), id, |version| if_match.holds(version)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Complete a task
///
/// From the second time on it changes nothing and answers the task as it is.
#[utoipa::path(
    post,
    path = "/tasks/{id}/complete",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the task as you know it."),
    ),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "The task's version."))),
        (status = 401, description = "no token, or none that is good"),
        (status = 404, description = "`task_not_found`: you have no such task"),
        (status = 412, description = "`precondition_failed`: it has changed meanwhile"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn complete(
    State(api): State<Api>,
    identity: Identity,
    NamedTask(id): NamedTask,
    if_match: IfMatch,
) -> Answer<Versioned> {
    Ok(versioned(&api.complete_task(OwnerId(identity.user_id), id, |version| if_match.holds(version)).await?))
}

fn versioned(task: &Task) -> Versioned {
    (ETag(task.version), Json(task.into()))
}
