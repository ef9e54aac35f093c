//! What requests and answers hold, and the parsing of the one into the domain's values.

use kit::Problem;
use kit::problem::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::Receipt;
use crate::domain::{Purchase, Quantity, Status};

/// `POST /api/v1/purchase`.
#[derive(Deserialize, ToSchema)]
pub(super) struct PurchaseBody {
    /// How many places.
    #[schema(required, nullable = false, minimum = 1, maximum = 1_000_000)]
    qty: Option<i64>,
}

impl PurchaseBody {
    pub(super) fn parse(&self) -> Result<Quantity, Problem> {
        let fault = |error: String| Problem::validation(vec![FieldError::new("qty", error)]);
        let qty = self.qty.ok_or_else(|| fault("is required".to_owned()))?;
        Quantity::parse(qty).map_err(|error| fault(error.to_string()))
    }
}

/// What became of a purchase.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptBody {
    /// Whether the buyer holds a ticket now.
    success: bool,
    /// The stock right after.
    #[schema(minimum = 0)]
    remaining: i64,
    /// The same for a person.
    message: &'static str,
    /// The ticket; null when there were too few places.
    #[schema(required)]
    ticket_id: Option<Uuid>,
}

impl From<&Receipt> for ReceiptBody {
    fn from(receipt: &Receipt) -> Self {
        let message = match receipt.ticket {
            Some(_) => "Purchased.",
            None => "There are too few places left.",
        };
        let ticket_id = receipt.ticket.map(|id| id.0);
        Self { success: ticket_id.is_some(), remaining: receipt.remaining, message, ticket_id }
    }
}

/// A ticket, or the purchase that was to become one.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketBody {
    ticket_id: Uuid,
    /// How many places.
    qty: i64,
    status: StatusBody,
}

/// Where a purchase stands: only a confirmed one is a ticket.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusBody {
    Pending,
    Confirmed,
    Rejected,
    Cancelled,
}

impl From<Purchase> for TicketBody {
    fn from(purchase: Purchase) -> Self {
        let status = match purchase.status {
            Status::Pending => StatusBody::Pending,
            Status::Confirmed => StatusBody::Confirmed,
            Status::Rejected => StatusBody::Rejected,
            Status::Cancelled => StatusBody::Cancelled,
        };
        Self { ticket_id: purchase.id.0, qty: purchase.qty.get(), status }
    }
}

/// `GET /api/v1/available`.
#[derive(Serialize, ToSchema)]
pub(super) struct AvailableBody {
    /// The places that are left.
    #[schema(minimum = 0)]
    pub(super) qty: i64,
}
