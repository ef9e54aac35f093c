//! HTTP: routes, bodies, and what each error answers.

mod auth;
mod bodies;
mod caller;
mod error;
mod jwks;
mod users;

use std::sync::Arc;
use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub application: Arc<Application>,
    /// How long others may cache the published keys.
    pub jwks_max_age: Duration,
}

/// The service's routes, each with what it takes and gives.
pub fn router(api: Api) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(users::register, users::list))
        .routes(routes!(users::get, users::update))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::verify))
        .routes(routes!(jwks::jwks))
        .with_state(api)
}
