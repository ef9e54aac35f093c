//! `[admin]`: the operator's side.
use crate::config::read::{Text, table};

table! {
    /// The operator's side.
    RawAdmin {
        /// The address for metrics, probes and the running configuration.
        listen: Text = "127.0.0.1:8900",
    }
}
