//! What the notification service tells.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Where it tells it.
pub const TOPIC: &str = "notification.events";

/// A notification reached its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSent {
    /// The notification.
    pub notification_id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// `email`, `webhook` or `log`.
    pub channel: String,
}

impl Event for NotificationSent {
    const TYPE: &'static str = "NotificationSent";
    const TOPIC: &'static str = TOPIC;
    const AGGREGATE: &'static str = "notification";

    fn aggregate_id(&self) -> String {
        self.notification_id.to_string()
    }
}
