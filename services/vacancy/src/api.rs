//! The routes.

mod bodies;
mod caller;
mod error;
mod stock;

use std::sync::Arc;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;

/// What `/openapi.json` says of the whole.
#[derive(OpenApi)]
#[openapi(info(title = "vacancy", description = "The stock of places."))]
struct Document;

/// Every route of the service, and what it takes and gives.
pub fn router(application: Arc<Application>) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(stock::reserve))
        .routes(routes!(stock::release))
        .routes(routes!(stock::restock))
        .routes(routes!(stock::available))
        .with_state(application)
}
