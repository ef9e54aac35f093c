//! HTTP: routes, bodies, and what each error answers.

mod bodies;
mod categories;
mod error;
mod filter;
mod named;
mod task;
mod tasks;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;

/// What the handlers share: the use cases.
pub type Api = Arc<Application>;

/// The service's routes, and what they take and give.
pub fn router(api: Api) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(tasks::create, tasks::list))
        .routes(routes!(task::get, task::update, task::delete))
        .routes(routes!(task::complete))
        .routes(routes!(categories::create, categories::list))
        .routes(routes!(categories::delete))
        .with_state(api)
}
