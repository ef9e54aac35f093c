//! HTTP: routes, bodies, and what each error answers; and what the events of others mean here.

mod bodies;
mod error;
mod events;
mod notifications;

pub use events::Events;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;

/// What the handlers share.
#[derive(Clone)]
struct Api {
    application: Arc<Application>,
}

/// The service's routes, with what they take and give.
pub fn router(application: Arc<Application>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(notifications::create, notifications::list))
        .routes(routes!(notifications::get, notifications::delete))
        .routes(routes!(notifications::send))
        .with_state(Api { application })
}
