//! What every service tells of itself.

use serde::{Deserialize, Serialize};

use crate::Event;

/// Where it is told.
pub const TOPIC: &str = "system.events";

/// A service takes requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStarted {
    /// Its name.
    pub service: String,
    /// Its version.
    pub version: String,
}

/// A service ended as it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStopped {
    /// Its name.
    pub service: String,
}

/// A service's health is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthChanged {
    /// Its name.
    pub service: String,
    /// Whether every check is good now.
    pub healthy: bool,
    /// The names of the checks that fail now.
    pub failing: Vec<String>,
}

macro_rules! of_a_service {
    ($name:ident) => {
        impl Event for $name {
            const TYPE: &'static str = stringify!($name);
            const TOPIC: &'static str = TOPIC;
            const AGGREGATE: &'static str = "service";

            fn aggregate_id(&self) -> String {
                self.service.clone()
            }
        }
    };
}

of_a_service!(ServiceStarted);
of_a_service!(ServiceStopped);
of_a_service!(HealthChanged);
