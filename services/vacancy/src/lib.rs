//! The vacancy service: the stock of places.
//!
//! Owns the stock and the reservations. Publishes `StockReserved` and `StockReleased` on
//! `vacancy.events`, consumes nothing.
//!
//! Layers, each importing only what stands to its right: `api` → `application` → `domain`, and
//! `infrastructure` → `application::ports`. Only this file knows all of them.
//!
//! A reservation, from the outside in: `api::stock` parses the body and calls `application::reserve`,
//! which queues a command; `application::apply` does all that queued during the last commit in one
//! transaction: it reads the stock and the earlier reservations once, has `domain::ledger` decide each
//! command in memory, and writes what changed with its events by one statement each
//! (`infrastructure::sql`).

pub mod api;
pub mod application;
pub mod domain;
pub mod infrastructure;
mod settings;

pub use infrastructure::sql::MIGRATIONS;
pub use settings::Settings;

use std::sync::Arc;

use jiff::Timestamp;
use kit::database::Database;
use kit::purge::Purge;
use kit::{About, Clock, Context, Module, StartError, SystemClock};

use application::Application;
use infrastructure::sql::SqlStore;

/// The binary.
pub const ABOUT: About =
    About { name: "vacancy", version: env!("CARGO_PKG_VERSION"), port: 8005, settings: Settings::DOCS };

/// Builds the service: opens and migrates its database, and fills the stock the first time.
pub async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    let (module, _) = build_with_handle(settings, context).await?;
    Ok(module)
}

/// [`build`], with what does in this process what the endpoints do.
pub async fn build_with_handle(settings: Settings, context: Context) -> Result<(Module, Arc<Application>), StartError> {
    build_at(settings, context, Arc::new(SystemClock)).await
}

/// [`build_with_handle`] with another clock, for tests that cannot wait for the cache to expire.
pub async fn build_at(
    settings: Settings,
    context: Context,
    clock: Arc<dyn Clock>,
) -> Result<(Module, Arc<Application>), StartError> {
    let database = Database::open(&context.common.database).await?;
    let store = SqlStore::migrated(database.clone(), settings.initial_stock).await?;
    let application = Arc::new(Application::new(Arc::new(store), Arc::clone(&clock), settings.cache_ttl));
    let forgetting = Arc::clone(&application);
    let purge = Purge::new("reservations", move || {
        let (application, now) = (Arc::clone(&forgetting), clock.now());
        let instant = now.checked_sub(settings.reservation_retention).unwrap_or(Timestamp::UNIX_EPOCH);
        async move { application.forget(instant).await.map_err(|error| error.to_string()) }
    });
    let router = api::router(Arc::clone(&application));
    let module = Module::documented(ABOUT.name, router).with_database(database).with_purge(purge);
    Ok((module, application))
}
