//! Command: a reservation's places go back.

use kit::correlation::Correlation;

use super::apply::Command;
use super::{Application, Error};
use crate::domain::{Outcome, ReservationId};

impl Application {
    /// Gives back what `id` holds. A second or unknown release leaves the stock as it is, and a
    /// reservation that comes after it is refused. [`Error::Overloaded`].
    pub async fn release(&self, id: ReservationId) -> Result<Outcome, Error> {
        self.done(Command::Release { id, correlation: Correlation::current() }).await
    }
}
