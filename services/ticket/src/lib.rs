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

pub use settings::Settings;

use std::sync::Arc;

use jiff::SignedDuration;
use kit::database::{Database, Dialect};
use kit::{About, Clock, Context, Module, StartError, SystemClock, Worker};

use application::ports::VacancyClient;
use application::{Application, LeftBehind};
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
    let at_start = match database.dialect() {
        // A file has one process: what is pending was left behind by the one before.
        Dialect::Sqlite => LeftBehind::All,
        Dialect::Postgres => LeftBehind::Expired,
    };
    let recovered = Arc::clone(&application);
    let recovery = Worker::new("recovery", move |shutdown| recovery::recover(recovered, at_start, shutdown));
    let router = api::router(Arc::clone(&application));
    let module = Module::documented(ABOUT.name, router).with_database(database).with_worker(recovery);
    Ok((module, application))
}
