//! `/openapi.json`, what a service takes and gives (OpenAPI 3.1), and `/docs`, the same as a page.
//!
//! The page loads nothing from another host, and its `Content-Security-Policy` has the browser refuse whatever
//! would ([`api_page`]).

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, Server};

use super::no_route;
use crate::serve::About;

/// The name under which operations ask for a token: `security(("bearer" = []))`.
const BEARER: &str = "bearer";

/// The routes of both.
pub(super) fn router(openapi: OpenApi, about: &About) -> Router {
    let document = complete(openapi, about).to_json();
    let document = Bytes::from(document.expect("a document of strings and numbers always serialises"));
    let page = api_page::page(about.name);
    Router::new()
        .route("/openapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], document)))
        .route("/docs", get(async move || guarded(Html(page))))
        .route("/docs/{asset}", get(asset))
}

/// Adds what is the same for every service: title and version, the server (the one that was asked), the
/// token, and that whatever fails answers a problem.
fn complete(mut openapi: OpenApi, about: &About) -> OpenApi {
    openapi.info = InfoBuilder::new().title(about.name).version(about.version).build();
    openapi.servers = Some(vec![Server::new("/")]);
    let components = openapi.components.get_or_insert_with(Components::new);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(token));
    let problem = serde_json::from_value(problem()).expect("the schema below is one");
    components.schemas.insert("Problem".to_owned(), problem);
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        let failure = serde_json::from_value(failure()).expect("the response below is one");
        operation.responses.responses.entry("default".to_owned()).or_insert(failure);
    }
    openapi
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, head, .. } = item;
    [get, put, post, delete, patch, head].into_iter().flatten()
}

/// [`crate::Problem`] as it is answered.
fn problem() -> serde_json::Value {
    let error = json!({
        "type": "object",
        "required": ["field", "message"],
        "properties": { "field": { "type": "string" }, "message": { "type": "string" } },
    });
    json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["status", "title", "detail", "code", "request_id"],
        "properties": {
            "status": { "type": "integer", "description": "The answer's status." },
            "title": { "type": "string", "description": "The status in words." },
            "detail": { "type": "string", "description": "What went wrong, for a person." },
            "code": { "type": "string", "description": "What went wrong, for a program; it never changes." },
            "request_id": { "type": "string", "description": "Under which the logs have it." },
            "errors": { "type": "array", "items": error, "description": "The fields at fault." },
        },
    })
}

fn failure() -> serde_json::Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": "It failed.", "content": { "application/problem+json": { "schema": schema } } })
}

/// A file of the page.
async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = api_page::asset(&name) else {
        return no_route().await.into_response();
    };
    let fields = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=86400")];
    let mut response = guarded((fields, asset.bytes));
    if asset.is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn guarded(content: impl IntoResponse) -> Response {
    let fields: [(HeaderName, &str); 2] =
        [(CONTENT_SECURITY_POLICY, api_page::POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (fields, content).into_response()
}

#[cfg(test)]
mod tests;
