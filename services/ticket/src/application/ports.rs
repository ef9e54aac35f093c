//! What the use cases need from outside, as they need it.

mod store;
mod vacancy;

pub use store::{PendingUnderKey, Store, StoreError, Transaction};
pub use vacancy::{Reservation, VacancyClient, VacancyUnavailable};
