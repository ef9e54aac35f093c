//! Command: places are added.

use kit::idempotency::{Done, Once};

use super::apply::Command;
use super::{Application, Error};
use crate::domain::{Outcome, Quantity};

impl Application {
    /// Adds `qty` places, once for each key. That the caller may is the API's to know.
    /// [`Error::Overflow`], [`Error::KeyReused`], [`Error::Overloaded`].
    pub async fn restock(&self, qty: Quantity, once: Once<Outcome>) -> Result<Done<Outcome>, Error> {
        self.batcher.submit(Command::Restock { qty, once }).await?
    }
}
