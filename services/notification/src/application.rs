//! The use cases, a file each. Commands run in one [`ports::Transaction`], the events that tell of them
//! included; queries read.

pub mod error;
pub mod ports;

mod create;
mod delete;
mod deliver;
mod due;
mod fairness;
mod get;
mod list;
mod react;
mod send;
mod settle;

pub use create::Content;
pub use deliver::{Delivered, Delivery};
pub use error::Error;
pub use react::{Happening, Occurrence};
pub use send::Sending;

use std::sync::Arc;
use std::time::Duration;

use kit::Clock;

use crate::domain::Backoff;
use fairness::UnderWay;
use ports::{Channels, Store};

/// How notifications are delivered.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How often, and with what pauses.
    pub backoff: Backoff,
    /// How long whoever takes a notification has for its delivery, before another may take it: well above
    /// the longest that a channel takes.
    pub lease: Duration,
    /// A random number from 0 to 1.
    pub jitter: fn() -> f64,
}

/// The use cases over their ports.
pub struct Application {
    store: Arc<dyn Store>,
    channels: Arc<dyn Channels>,
    clock: Arc<dyn Clock>,
    policy: Policy,
    under_way: UnderWay,
}

impl Application {
    /// Over these ports.
    pub fn new(store: Arc<dyn Store>, channels: Arc<dyn Channels>, clock: Arc<dyn Clock>, policy: Policy) -> Self {
        Self { store, channels, clock, policy, under_way: UnderWay::default() }
    }
}
