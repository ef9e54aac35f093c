//! The stock, which another service keeps.

use async_trait::async_trait;

use crate::domain::{Quantity, TicketId, Verdict};

/// No answer that means anything came in time; what was asked for may have been done. The text is for
/// the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VacancyUnavailable(pub String);

/// What the stock said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// Whether the places are reserved.
    pub verdict: Verdict,
    /// The stock right after.
    pub remaining: i64,
}

/// The vacancy service, by whatever way. `testing::vacancy_client_contract` holds for each.
#[async_trait]
pub trait VacancyClient: Send + Sync + 'static {
    /// Reserves `qty` places under the ticket's id. Asked again for the same it MUST give the same
    /// answer and reserve nothing more; what was released before MUST be refused.
    async fn reserve(&self, id: TicketId, qty: Quantity) -> Result<Reservation, VacancyUnavailable>;

    /// Gives back what the id holds, once. It MUST succeed where there is nothing to give back, and keep
    /// a reservation that comes later from being granted.
    async fn release(&self, id: TicketId) -> Result<(), VacancyUnavailable>;

    /// The places that are left, some seconds old at most.
    async fn available(&self) -> Result<i64, VacancyUnavailable>;
}
