//! The user service: accounts, logins and the keys that sign their tokens.
//!
//! Owns users, refresh tokens and signing keys. Publishes `UserCreated` and `UserUpdated` on
//! `user.events`, consumes nothing.
//!
//! Layers, each importing only what stands to its right: `api` → `application` → `domain`, and
//! `infrastructure` → `application::ports`. Only this file knows all of them.
//!
//! A login, from the outside in: `api::auth` parses the body and calls `application::login`, which
//! reads the user (`infrastructure::sql`), has the password checked on a blocking thread
//! (`infrastructure::argon2`), signs a token (`infrastructure::jwt`) and commits the refresh
//! token's hash; `api::error` turns whatever failed into a problem.

pub mod api;
pub mod application;
pub mod domain;
pub mod infrastructure;
mod maintenance;
mod settings;

pub use settings::Settings;

use std::sync::Arc;

use kit::database::Database;
use kit::{About, Clock, Context, Module, StartError, SystemClock, Worker};

use api::Api;
use application::{Application, Error};
use infrastructure::argon2::Argon2Hasher;
use infrastructure::jwt::JwtCrypto;
use infrastructure::sql::SqlStore;

/// The service, as its events and its log name it.
pub const NAME: &str = "user";

/// The binary.
pub const ABOUT: About = About { name: NAME, version: env!("CARGO_PKG_VERSION"), port: 8001, settings: Settings::DOCS };

/// Builds the service: opens and migrates its database, makes the first signing key and the
/// administrator.
pub async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    build_at(settings, context, Arc::new(SystemClock)).await
}

/// [`build`] with another clock, for tests that cannot wait for a token to expire.
pub async fn build_at(settings: Settings, context: Context, clock: Arc<dyn Clock>) -> Result<Module, StartError> {
    let database = Database::open(&context.common.database).await?;
    let store = SqlStore::migrated(database.clone()).await?;
    let hasher = Argon2Hasher::new(settings.hash_parallelism, settings.hash_queue_timeout);
    let hasher = hasher.map_err(|error| StartError::Other(error.to_string()))?;
    let application = Arc::new(Application::new(
        Arc::new(store),
        Arc::new(hasher),
        Arc::new(JwtCrypto::new()),
        clock,
        settings.lifetimes,
    ));
    prepare(&application, settings.admin)
        .await
        .map_err(|error| StartError::Other(format!("the user service could not prepare its database: {error}")))?;

    let api = Api { application: Arc::clone(&application), jwks_max_age: settings.jwks_max_age };
    let upkeep = maintenance::worker(application, settings.upkeep_interval);
    Ok(Module::documented(NAME, api::router(api))
        .with_database(database)
        .with_worker(Worker::new("maintenance", upkeep)))
}

async fn prepare(application: &Application, admin: Option<application::Admin>) -> Result<(), Error> {
    application.record_token_lifetime().await?;
    application.maintain_keys().await?;
    match admin {
        Some(admin) => application.ensure_admin(admin).await,
        None => Ok(()),
    }
}
