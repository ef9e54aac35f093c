//! `/categories`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kit::idempotency::{Answer as Stored, Keyed, Once};
use kit::identity::Identity;
use kit::paging::{Page, PageQuery};
use kit::query::Query;

use super::bodies::{CategoryBody, CategoryFields};
use super::error::{Answer, Failure};
use super::named::NamedCategory;
use super::{Api, created};
use crate::domain::{Category, OwnerId};

/// Make a category
#[utoipa::path(
    post,
    path = "/categories",
    tag = "categories",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request sent again makes it once")),
    request_body = CategoryFields,
    responses(
        (status = 201, body = CategoryBody, headers(("location" = String))),
        (status = 409, description = "`category_name_taken`: you have one of this name"),
        (status = 422, description = "`idempotency_key_reused`: the key was sent with another body"),
        Failure,
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    identity: Identity,
    Keyed { body, key }: Keyed<CategoryFields>,
) -> Answer<Response> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render };
    let done = api.create_category(OwnerId(identity.user_id), body.parse()?, once).await?;
    Ok(created::respond(done, render, "/categories"))
}

/// List your categories, oldest first
#[utoipa::path(
    get,
    path = "/categories",
    tag = "categories",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "20 unless given"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
    ),
    responses((status = 200, body = Page<CategoryBody>), Failure)
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
    params(("id" = Uuid, Path)),
    responses((status = 204), Failure)
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
    created::answer(&CategoryBody::from(category))
}
