//! What the path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use super::Api;
use super::error::Failure;
use crate::application::Error;
use crate::domain::{CategoryId, TaskId};

/// The task that the path names. What is no UUID names no task.
pub(super) struct NamedTask(pub(super) TaskId);

/// The category that the path names. What is no UUID names no category.
pub(super) struct NamedCategory(pub(super) CategoryId);

impl FromRequestParts<Api> for NamedTask {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let id = id(parts, api).await.ok_or(Error::TaskNotFound)?;
        Ok(Self(TaskId(id)))
    }
}

impl FromRequestParts<Api> for NamedCategory {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let id = id(parts, api).await.ok_or(Error::CategoryNotFound)?;
        Ok(Self(CategoryId(id)))
    }
}

async fn id(parts: &mut Parts, api: &Api) -> Option<Uuid> {
    let Path(text) = Path::<String>::from_request_parts(parts, api).await.ok()?;
    Uuid::try_parse(&text).ok()
}
