//! HTTP: routes, bodies, and what each error answers.

mod auth;
mod bodies;
mod caller;
mod error;
mod jwks;
mod users;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};

use crate::application::Application;

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub application: Arc<Application>,
    /// How long others may cache the published keys.
    pub jwks_max_age: Duration,
}

/// The service's routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/users", post(users::register).get(users::list))
        .route("/users/{id}", get(users::get).put(users::update))
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/verify", post(auth::verify))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .with_state(api)
}
