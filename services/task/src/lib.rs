//! The task service: what people have to do.
//!
//! Owns tasks and their categories; each belongs to the caller who made it, and to everyone else it is
//! as if it were not there. Publishes `TaskCreated`, `TaskUpdated` and `TaskCompleted` on `task.events`,
//! consumes nothing.
//!
//! Layers, each importing only what stands to its right: `api` → `application` → `domain`, and
//! `infrastructure` → `application::ports`. Only this file knows all of them.
//!
//! Completing a task, from the outside in: `api::task` takes the caller and the id and calls
//! `application::complete_task`, which reads the task for change (`infrastructure::sql`), asks it
//! whether that is anything new (`domain::task`), and commits task and event together; the kit's relay
//! publishes the event afterwards, and `api::error` turns whatever failed into a problem.

pub mod api;
pub mod application;
pub mod domain;
pub mod infrastructure;
mod settings;

pub use settings::Settings;

use std::sync::Arc;

use kit::database::Database;
use kit::{About, Clock, Context, Module, StartError, SystemClock};

use application::Application;
use infrastructure::sql::SqlStore;

/// The binary.
pub const ABOUT: About =
    About { name: "task", version: env!("CARGO_PKG_VERSION"), port: 8002, settings: Settings::DOCS };

/// Builds the service: opens and migrates its database.
pub async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    build_at(settings, context, Arc::new(SystemClock)).await
}

/// [`build`] with another clock, for tests.
pub async fn build_at(_: Settings, context: Context, clock: Arc<dyn Clock>) -> Result<Module, StartError> {
    let database = Database::open(&context.common.database).await?;
    let store = SqlStore::migrated(database.clone()).await?;
    let application = Application::new(Arc::new(store), clock);
    let router = api::router(Arc::new(application));
    Ok(Module::documented(ABOUT.name, router).with_database(database))
}
