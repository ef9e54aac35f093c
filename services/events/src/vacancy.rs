//! What the vacancy service tells.

use serde::{Deserialize, Serialize};

use crate::Event;

/// Where it tells it.
pub const TOPIC: &str = "vacancy.events";

macro_rules! of_a_reservation {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The reservation, by the id that its caller chose.
            pub reservation_id: String,
            /// How many places: 1 and up.
            pub qty: i64,
            /// The stock right after.
            pub remaining: i64,
        }

        impl Event for $name {
            const TYPE: &'static str = stringify!($name);
            const TOPIC: &'static str = TOPIC;
            const AGGREGATE: &'static str = "reservation";

            fn aggregate_id(&self) -> String {
                self.reservation_id.clone()
            }
        }
    };
}

of_a_reservation! {
    /// Places were taken from the stock.
    StockReserved
}
of_a_reservation! {
    /// A reservation's places went back into the stock.
    StockReleased
}
