//! Purchases and their rules: no I/O, no clock, no framework.

pub mod purchase;
pub mod quantity;

pub use purchase::{BuyerId, Purchase, Status, TicketId, Verdict};
pub use quantity::Quantity;
