//! The use cases, a file each. Those that change something run in one [`ports::Transaction`], and the
//! events that tell of the change are written to the same one.
//!
//! Whatever belongs to another is answered as if it were not there: each use case takes the caller, and
//! the store finds nothing but the caller's own.

pub mod error;
pub mod ports;

mod complete_task;
mod create_category;
mod create_task;
mod delete_category;
mod delete_task;
mod get_task;
mod list_categories;
mod list_tasks;
mod once;
mod update_task;

pub use error::Error;

use std::sync::Arc;

use kit::Clock;

use ports::Store;

/// The use cases over their ports.
pub struct Application {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Application {
    /// Over these ports.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}
