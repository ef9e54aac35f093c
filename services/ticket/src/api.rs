//! The routes.

mod bodies;
mod error;
mod tickets;

use std::sync::Arc;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;

/// What `/openapi.json` says of the whole.
#[derive(OpenApi)]
#[openapi(info(title = "ticket", description = "Sells places."))]
struct Document;

/// Every route of the service, and what it takes and gives.
pub fn router(application: Arc<Application>) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(tickets::purchase))
        .routes(routes!(tickets::get))
        .routes(routes!(tickets::available))
        .with_state(application)
}
