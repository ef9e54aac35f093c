//! `/categories`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kit::idempotency::{Answer as Stored, Keyed, Once};
use kit::identity::Identity;
use kit::paging::{Page, PageQuery};
use kit::query::Query;

use super::Api;
use super::bodies::{CategoryBody, CategoryFields};
use super::error::Answer;
use super::named::NamedCategory;
use crate::domain::{Category, OwnerId};

/// Make a category
#[utoipa::path(
    post,
    path = "/categories",
    tag = "categories",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer.")),
    request_body = CategoryFields,
    responses(
        (status = 201, body = CategoryBody, headers(("Location" = String, description = "The category's path."))),
        (status = 400, description = "`validation_failed`: `errors` names each field"),
        (status = 401, description = "no token, or none that is good"),
        (status = 409, description = "`category_name_taken`: you have one of this name"),
        (status = 422, description = "`idempotency_key_reused`: the key was sent with another body"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn create(
    State(api): State<Api>,
    identity: Identity,
    Keyed { body, key }: Keyed<CategoryFields>,
) -> Answer<Response> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render };
    let done = api.create_category(OwnerId(identity.user_id), body.parse()?, once).await?;
    Ok(done.into_response(render))
}

/// List your categories, oldest first
#[utoipa::path(
    get,
    path = "/categories",
    tag = "categories",
    params(PageQuery),
    responses(
        (status = 200, body = Page<CategoryBody>),
        (status = 400, description = "`validation_failed`: `errors` names each field"),
        (status = 401, description = "no token, or none that is good"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn list(
    State(api): State<Api>,
    identity: Identity,
    Query(query): Query<PageQuery>,
) -> Answer<Json<Page<CategoryBody>>> {
    let page = api.list_categories(OwnerId(identity.user_id), query.parse()?).await?;
    Ok(Json(page.map(|category| CategoryBody::from(&category))))
}

/// Delete a category
///
/// Its tasks stay, without a category.
#[utoipa::path(
    delete,
    path = "/categories/{id}",
    tag = "categories",
    params(("id" = Uuid, Path, description = "The category.")),
    responses(
        (status = 204, description = "it is gone"),
        (status = 401, description = "no token, or none that is good"),
        (status = 404, description = "`category_not_found`: you have no such category"),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    identity: Identity,
    NamedCategory(id): NamedCategory,
) -> Answer<StatusCode> {
    api.delete_category(OwnerId(identity.user_id), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn render(category: &Category) -> Stored {
    Stored::created(format!("/categories/{}", category.id), &CategoryBody::from(category))
}
