//! The use cases, a file each. What a purchase writes is queued and done in batches (see `apply`),
//! since a durable commit costs the same for one and for many.

pub mod error;
pub mod ports;

mod apply;
mod available;
mod forget;
mod get_ticket;
mod purchase;
mod recover;

pub use error::Error;
pub use purchase::Receipt;

use std::sync::Arc;

use jiff::SignedDuration;
use kit::Clock;
use kit::batch::{Batcher, Limits};
use kit::in_progress::InProgress;

use crate::domain::TicketId;
use apply::{Command, Reply};
use ports::{Store, StoreError, VacancyClient};

/// Some seconds of work at the pace of a slow disk: whoever comes then is told to come later.
const LIMITS: Limits = Limits { waiting: 10_000, at_once: 500 };

/// The use cases over their ports.
pub struct Application {
    store: Arc<dyn Store>,
    vacancy: Arc<dyn VacancyClient>,
    clock: Arc<dyn Clock>,
    batcher: Batcher<Command, Reply, StoreError>,
    /// How long a purchase may be pending before another process counts it as given up.
    patience: SignedDuration,
    running: InProgress<TicketId>,
}

impl Application {
    /// Over these ports. A purchase takes less than `patience`, unless its process died.
    pub fn new(
        store: Arc<dyn Store>,
        vacancy: Arc<dyn VacancyClient>,
        clock: Arc<dyn Clock>,
        patience: SignedDuration,
    ) -> Self {
        let batcher = Batcher::new(LIMITS, {
            let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
            move |commands| apply::apply(Arc::clone(&store), clock.now(), commands)
        });
        Self { store, vacancy, clock, batcher, patience, running: InProgress::default() }
    }
}
