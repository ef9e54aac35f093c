//! `/tasks`.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kit::etag::ETag;
use kit::idempotency::{Answer as Stored, Keyed, Once};
use kit::identity::Identity;
use kit::paging::Page;
use kit::query::Query;

use super::bodies::{TaskBody, TaskFields};
use super::error::{Answer, Failure};
use super::filter::TasksQuery;
use super::{Api, created};
use crate::domain::{OwnerId, Task};

/// Make a task
#[utoipa::path(
    post,
    path = "/tasks",
    tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request sent again makes it once")),
    request_body = TaskFields,
    responses(
        (status = 201, body = TaskBody, headers(("location" = String), ("etag" = String))),
        (status = 422, description = "`idempotency_key_reused`: the key was sent with another body"),
        Failure,
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    identity: Identity,
    Keyed { body, key }: Keyed<TaskFields>,
) -> Answer<(ETag, Response)> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render };
    let done = api.create_task(OwnerId(identity.user_id), body.parse()?, once).await?;
    Ok((ETag(Task::FIRST_VERSION), created::respond(done, render, "/tasks")))
}

/// List your tasks, oldest first
#[utoipa::path(
    get,
    path = "/tasks",
    tag = "tasks",
    params(
        ("completed" = Option<bool>, Query, description = "Only those that are completed, or are not"),
        ("category_id" = Option<Uuid>, Query, description = "Only those of this category"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "20 unless given"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
    ),
    responses((status = 200, body = Page<TaskBody>), Failure)
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
    created::answer(&TaskBody::from(task))
}
