//! The notification service: tells people what happened.
//!
//! Owns notifications, and where users are reached. Consumes `UserCreated`, `UserUpdated`, `TaskCompleted` and
//! `TicketPurchased`; publishes `NotificationSent`.
//!
//! Layers, each importing only what stands to its right: `api` → `application` → `domain`, and
//! `infrastructure` → `application::ports`. Only this file knows all of them.
//!
//! A notification is stored first, by a request (`application::create`) or by an event
//! (`application::react`), and is pending then. The worker (`delivery`) takes what is due under a lease, hands it
//! to its channel (`infrastructure::channels`), and stores what came of it, in one transaction with
//! `NotificationSent`. What fails waits ever longer for its next attempt, and has failed after the last.
//!
//! **At least once.** A process that dies after a mail server or a webhook's receiver has taken a notification,
//! and before that is stored, delivers it again. A webhook bears the notification's id as `Idempotency-Key`, an
//! e-mail in its `Message-ID`, by which the second can be known.

pub mod api;
pub mod application;
mod delivery;
pub mod domain;
pub mod infrastructure;
mod settings;

pub use settings::Settings;

use std::sync::Arc;
use std::time::Duration;

use kit::database::Database;
use kit::{About, Clock, Context, Module, StartError, SystemClock, Worker};

use application::{Application, Policy};
use infrastructure::EmailChannel;
use infrastructure::channels::ConfiguredChannels;
use infrastructure::sql::SqlStore;
use infrastructure::webhook::WebhookChannel;

/// The binary.
pub const ABOUT: About =
    About { name: "notification", version: env!("CARGO_PKG_VERSION"), port: 8003, settings: Settings::DOCS };

/// What it consumes.
const TOPICS: &[&str] = &[events::user::TOPIC, events::task::TOPIC, events::ticket::TOPIC];
/// What a lease is longer than a delivery: room for storing what came of it.
const LEASE_MARGIN: Duration = Duration::from_secs(20);

/// Builds the service: opens and migrates its database, and sets the channels up.
pub async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    let Settings { smtp, webhook, backoff, timeout } = settings;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let email = smtp.map(|smtp| EmailChannel::new(smtp, timeout)).transpose().map_err(StartError::Other)?;
    let webhook = webhook
        .map(|webhook| WebhookChannel::new(webhook.secret, webhook.allow_private, timeout, Arc::clone(&clock)))
        .transpose()
        .map_err(StartError::Other)?;
    tracing::info!(email = email.is_some(), webhook = webhook.is_some(), log = true, "channels");

    let database = Database::open(&context.common.database).await?;
    let store = SqlStore::migrated(database.clone()).await?;
    let channels = ConfiguredChannels::new(email, webhook, timeout, &context.metrics);
    let policy = Policy { backoff, lease: timeout + LEASE_MARGIN, jitter: fastrand::f64 };
    let application = Arc::new(Application::new(Arc::new(store), Arc::new(channels), clock, policy));
    let events = api::Events::new(Arc::clone(&application));
    Ok(Module::documented(ABOUT.name, api::router(Arc::clone(&application)))
        .with_database(database)
        .with_consumer(TOPICS, events)
        .with_worker(Worker::new("delivery", delivery::worker(application))))
}
