//! What every service needs and no service is about: settings, telemetry, errors, identity,
//! database, paging, health, metrics, and the server itself.
//!
//! A service is a [`Module`]; its `main` is one line:
//!
//! ```no_run
//! use kit::{About, Context, Module, StartError};
//!
//! const ABOUT: About = About { name: "echo", version: "0.1.0", port: 8099, settings: &[] };
//!
//! async fn build(_: (), context: Context) -> Result<Module, StartError> {
//!     Ok(Module::new(context.about.name, axum::Router::new()))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     kit::serve(ABOUT, &[], |_reader| (), build)
//! }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | the environment and `.env`, every fault at once |
//! | [`telemetry`] | logs on stdout, pretty or JSON |
//! | [`problem`] | the one error answer, RFC 9457 |
//! | [`json`], [`query`] | extractors whose rejections are problems |
//! | [`identity`] | who calls, from a bearer token or the gateway's headers |
//! | [`database`], [`migrate`], [`sql`] | SQLite or PostgreSQL behind one SQL text |
//! | [`storage`] | what is the matter with a database that cannot store or read |
//! | [`bus`], [`outbox`], [`inbox`], [`consumer`] | events: written with the change, applied once |
//! | [`correlation`] | what ties a request to all that it causes |
//! | [`batch`] | group commit: what waits for the disk waits together |
//! | [`idempotency`] | a request sent twice has its effect once |
//! | [`etag`] | a change is refused when another was faster |
//! | [`purge`] | what is forgotten in time |
//! | [`metrics`] | what `/metrics` shows |
//! | [`paging`] | opaque cursors |
//! | [`clock`] | the time, to be injected |
//! | [`module`], [`mod@serve`] | from a router to a process |
//!
//! Nothing here knows a service.

pub mod batch;
pub mod bus;
pub mod clock;
pub mod consumer;
pub mod correlation;
pub mod database;
pub mod etag;
mod http;
pub mod idempotency;
pub mod identity;
pub mod in_progress;
pub mod inbox;
pub mod json;
pub mod metrics;
pub mod migrate;
pub mod module;
pub mod outbox;
pub mod paging;
pub mod problem;
pub mod purge;
pub mod query;
pub mod serve;
pub mod settings;
pub mod shutdown;
pub mod sql;
pub mod storage;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub use clock::{Clock, SystemClock};
pub use http::request_id::RequestId;
pub use module::{HealthCheck, Module, Worker};
pub use problem::Problem;
pub use serve::{About, Context, StartError, serve};
pub use settings::{Reader, SettingDoc};
pub use shutdown::Shutdown;
