//! Query: one ticket.

use super::{Application, Error};
use crate::domain::{BuyerId, Purchase, TicketId};

impl Application {
    /// The buyer's own; another's is [`Error::TicketNotFound`].
    pub async fn get_ticket(&self, buyer: BuyerId, id: TicketId) -> Result<Purchase, Error> {
        let purchase = self.store.purchase(id).await?;
        purchase.filter(|purchase| purchase.buyer == buyer).ok_or(Error::TicketNotFound)
    }
}
