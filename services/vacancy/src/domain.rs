//! The stock and its rules: no I/O, no clock, no framework.

pub mod ledger;
pub mod quantity;
pub mod reservation;

pub use ledger::{Ledger, Outcome, Stock, Verdict};
pub use quantity::Quantity;
pub use reservation::{Reservation, ReservationId, State};
