//! Between rows and the domain's values.

use jiff::Timestamp;
use kit::database::Row;
use sqlx::Row as _;
use uuid::Uuid;

use super::failed;
use crate::application::ports::StoreError;
use crate::domain::{BuyerId, Purchase, Quantity, Status, TicketId};

/// What [`purchase`] reads.
pub(super) const COLUMNS: &str = "id, buyer_id, qty, status, expires_at, created_at";

pub(super) fn purchase(row: &Row) -> Result<Purchase, StoreError> {
    let uuid = |column| {
        let text: String = row.try_get(column).map_err(failed)?;
        Uuid::try_parse(&text).map_err(|_| broken(column))
    };
    let instant = |column| {
        let at: i64 = row.try_get(column).map_err(failed)?;
        Timestamp::from_millisecond(at).map_err(|_| broken(column))
    };
    let status: String = row.try_get("status").map_err(failed)?;
    Ok(Purchase {
        id: TicketId(uuid("id")?),
        buyer: BuyerId(uuid("buyer_id")?),
        qty: Quantity::parse(row.try_get("qty").map_err(failed)?).map_err(|_| broken("qty"))?,
        status: parse(&status).ok_or_else(|| broken("status"))?,
        expires_at: instant("expires_at")?,
        created_at: instant("created_at")?,
    })
}

pub(super) fn name(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Confirmed => "confirmed",
        Status::Rejected => "rejected",
        Status::Cancelled => "cancelled",
    }
}

fn parse(name: &str) -> Option<Status> {
    let all = [Status::Pending, Status::Confirmed, Status::Rejected, Status::Cancelled];
    all.into_iter().find(|status| self::name(*status) == name)
}

fn broken(column: &str) -> StoreError {
    StoreError::Failed(format!("a stored purchase has an unusable {column}"))
}
