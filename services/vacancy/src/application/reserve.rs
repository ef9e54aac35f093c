//! Command: places are reserved.

use kit::correlation::Correlation;

use super::apply::Command;
use super::{Application, Error};
use crate::domain::{Outcome, Quantity, ReservationId};

impl Application {
    /// Reserves `qty` places under `id`, or says that there are too few. The same id gives the same
    /// outcome again; with another quantity [`Error::OtherQuantity`]. [`Error::Overloaded`].
    pub async fn reserve(&self, id: ReservationId, qty: Quantity) -> Result<Outcome, Error> {
        self.done(Command::Reserve { id, qty, correlation: Correlation::current() }).await
    }
}
