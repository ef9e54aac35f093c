//! What the ticket service tells.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Where it tells it.
pub const TOPIC: &str = "ticket.events";

/// A purchase was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketPurchased {
    /// The ticket, which is the aggregate.
    pub ticket_id: Uuid,
    /// Who bought it.
    pub buyer_id: Uuid,
    /// How many places: 1 and up.
    pub qty: i64,
}

impl Event for TicketPurchased {
    const TYPE: &'static str = "TicketPurchased";
    const TOPIC: &'static str = TOPIC;
    const AGGREGATE: &'static str = "ticket";

    fn aggregate_id(&self) -> String {
        self.ticket_id.to_string()
    }
}
