//! What requests and answers hold, and the parsing of the one into the domain's values.

use kit::Problem;
use kit::problem::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Outcome, Quantity, ReservationId, Verdict};

/// `POST /api/v1/reserve`. Every field is optional to the parser, so that all faults are told at once.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReserveBody {
    /// How many places.
    #[schema(required, nullable = false, minimum = 1, maximum = 1_000_000)]
    qty: Option<i64>,
    /// The caller's name for the reservation, under which it is asked for again or released: 1 to 128
    /// visible ASCII characters. Without one it is made up.
    #[schema(min_length = 1, max_length = 128)]
    reservation_id: Option<String>,
}

/// `POST /api/v1/release`.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReleaseBody {
    /// The reservation.
    #[schema(required, nullable = false, min_length = 1, max_length = 128)]
    reservation_id: Option<String>,
}

/// `POST /api/v1/restock`.
#[derive(Deserialize, ToSchema)]
pub(super) struct RestockBody {
    /// How many places.
    #[schema(required, nullable = false, minimum = 1, maximum = 1_000_000)]
    qty: Option<i64>,
}

impl ReserveBody {
    pub(super) fn parse(self) -> Result<(ReservationId, Quantity), Problem> {
        let mut faults = Vec::new();
        let qty = qty(self.qty, &mut faults);
        let made_up = || Uuid::now_v7().to_string();
        let id = id(Some(self.reservation_id.unwrap_or_else(made_up)), &mut faults);
        id.zip(qty).ok_or_else(|| Problem::validation(faults))
    }
}

impl ReleaseBody {
    pub(super) fn parse(self) -> Result<ReservationId, Problem> {
        let mut faults = Vec::new();
        id(self.reservation_id, &mut faults).ok_or_else(|| Problem::validation(faults))
    }
}

impl RestockBody {
    pub(super) fn parse(&self) -> Result<Quantity, Problem> {
        let mut faults = Vec::new();
        qty(self.qty, &mut faults).ok_or_else(|| Problem::validation(faults))
    }
}

fn qty(qty: Option<i64>, faults: &mut Vec<FieldError>) -> Option<Quantity> {
    field("qty", qty.map(Quantity::parse), faults)
}

fn id(id: Option<String>, faults: &mut Vec<FieldError>) -> Option<ReservationId> {
    field("reservation_id", id.map(ReservationId::parse), faults)
}

fn field<T, E>(name: &str, parsed: Option<Result<T, E>>, faults: &mut Vec<FieldError>) -> Option<T>
where
    E: std::fmt::Display,
{
    match parsed {
        Some(Ok(value)) => return Some(value),
        Some(Err(error)) => faults.push(FieldError::new(name, error)),
        None => faults.push(FieldError::new(name, "is required")),
    }
    None
}

/// What became of a command.
#[derive(Serialize, ToSchema)]
pub(super) struct StockBody {
    /// Whether what was asked for holds now.
    success: bool,
    /// The stock right after it; of a repeated reservation, right after the first.
    #[schema(minimum = 0)]
    remaining: i64,
    /// The same for a person.
    message: &'static str,
}

/// What became of a reservation.
#[derive(Serialize, ToSchema)]
pub(super) struct ReservedBody {
    #[serde(flatten)]
    stock: StockBody,
    /// The id under which it can be released.
    reservation_id: String,
}

/// `GET /api/v1/available`.
#[derive(Serialize, ToSchema)]
pub(super) struct AvailableBody {
    /// The places that are left.
    #[schema(minimum = 0)]
    pub(super) qty: i64,
}

impl ReservedBody {
    pub(super) fn new(outcome: Outcome, id: &ReservationId) -> Self {
        Self { stock: outcome.into(), reservation_id: id.to_string() }
    }
}

impl From<Outcome> for StockBody {
    fn from(outcome: Outcome) -> Self {
        let (success, message) = match outcome.verdict {
            Verdict::Reserved => (true, "Reserved."),
            Verdict::TooFew => (false, "There are too few places left."),
            Verdict::WasReleased => (false, "This reservation was released before; use a new reservation_id."),
            Verdict::Released => (true, "Released."),
            Verdict::NothingHeld => (true, "This reservation holds no places."),
            Verdict::Forgotten => {
                (false, "This reservation is so old that it is not known any more; nothing was changed.")
            }
            Verdict::Restocked => (true, "Restocked."),
        };
        Self { success, remaining: outcome.remaining, message }
    }
}
