//! The ticket service: sells places.
//!
//! Owns the purchases. Publishes `TicketPurchased` on `ticket.events`, consumes nothing.
//!
//! Layers, each importing only what stands to its right: `api` → `application` → `domain`, and
//! `infrastructure` → `application::ports`. Only this file knows all of them.
//!
//! A purchase, from the outside in: `api::tickets` parses the body and calls `application::purchase`, a
//! saga that stores it as pending, reserves its places with the vacancy service by
//! `application::ports::VacancyClient` (over HTTP by `infrastructure::remote`, or whatever else
//! [`build_with`] is given) and confirms it with its event. What each step writes is queued and done in
//! batches by `application::apply`. `recovery` finishes what a crash or an absent vacancy service left
//! behind.

pub mod api;
pub mod application;
pub mod domain;
pub mod infrastructure;
mod recovery;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;

pub use infrastructure::sql::MIGRATIONS;
pub use settings::Settings;

use std::sync::Arc;

use jiff::SignedDuration;
use kit::database::{Database, Dialect};
use kit::purge::Purge;
use kit::{About, Clock, Context, Module, StartError, SystemClock, Worker};

use application::Application;
use application::ports::VacancyClient;
use infrastructure::remote::RemoteVacancy;
use infrastructure::sql::SqlStore;

/// The binary.
pub const ABOUT: About =
    About { name: "ticket", version: env!("CARGO_PKG_VERSION"), port: 8006, settings: Settings::DOCS };

/// What a purchase takes beside the call of the vacancy service: its two commits, on a slow day.
const COMMITS: SignedDuration = SignedDuration::from_secs(3);

/// Builds the service with a vacancy service that is reached over HTTP.
pub async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    let secret = context.common.gateway_secret.as_deref();
    let vacancy = RemoteVacancy::new(settings.vacancy.clone(), secret).map_err(StartError::Other)?;
    build_with(settings, context, Arc::new(vacancy)).await
}

/// Builds the service with any vacancy service: opens and migrates the database.
pub async fn build_with(
    settings: Settings,
    context: Context,
    vacancy: Arc<dyn VacancyClient>,
) -> Result<Module, StartError> {
    let (module, _) = build_at(settings, context, vacancy, Arc::new(SystemClock)).await?;
    Ok(module)
}

/// [`build_with`] with another clock, for tests that cannot wait for a purchase to expire, and with what
/// does in this process what the endpoints do.
pub async fn build_at(
    settings: Settings,
    context: Context,
    vacancy: Arc<dyn VacancyClient>,
    clock: Arc<dyn Clock>,
) -> Result<(Module, Arc<Application>), StartError> {
    let database = Database::open(&context.common.database).await?;
    let store = SqlStore::migrated(database.clone()).await?;
    let timeout = SignedDuration::try_from(settings.vacancy.timeout).unwrap_or(SignedDuration::MAX);
    let patience = timeout.saturating_add(COMMITS);
    let application = Arc::new(Application::new(Arc::new(store), vacancy, clock, patience));
    if database.dialect() == Dialect::Sqlite {
        // A file has one process: what is pending was left behind by the one before.
        let expired = application.expire_all().await;
        expired.map_err(|error| StartError::Other(format!("the purchases cannot be read: {error}")))?;
    }
    let recovered = Arc::clone(&application);
    let recovery = Worker::new("recovery", move |shutdown| recovery::recover(recovered, shutdown));
    let router = api::router(Arc::clone(&application));
    let forgetting = Arc::clone(&application);
    let purge = Purge::new("unsold purchases", move || {
        let application = Arc::clone(&forgetting);
        async move { application.forget_unsold().await.map_err(|error| error.to_string()) }
    });
    let module = Module::documented(ABOUT.name, router).with_database(database).with_worker(recovery);
    Ok((module.with_purge(purge), application))
}
