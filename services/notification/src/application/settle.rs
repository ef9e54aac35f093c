//! Command: store what came of deliveries, and tell of those that were sent.

use std::collections::HashMap;

use events::Draft;
use events::notification::NotificationSent;

use super::ports::Lease;
use super::{Application, Delivered, Error};
use crate::domain::{Cause, Notification};

impl Application {
    /// Stores how far notifications are, in one transaction with the event of each that was sent. Those that
    /// were deleted meanwhile, or whose lease ran out, stay as they are.
    pub async fn settle(&self, delivered: &[Delivered]) -> Result<(), Error> {
        let mut by_lease: HashMap<Lease, Vec<Notification>> = HashMap::new();
        for Delivered(delivery) in delivered {
            by_lease.entry(delivery.lease).or_default().push(delivery.notification.clone());
        }
        let mut transaction = self.store.begin().await?;
        let mut events = Vec::new();
        for (lease, notifications) in by_lease {
            let held = transaction.settle(&lease, &notifications).await?;
            let sent = notifications.iter().filter(|one| one.is_sent() && held.contains(&one.id));
            events.extend(sent.map(sent_event));
        }
        transaction.publish(events).await?;
        Ok(transaction.commit().await?)
    }
}

fn sent_event(notification: &Notification) -> (Draft, Cause) {
    let event = NotificationSent {
        notification_id: notification.id.0,
        owner_id: notification.owner.0,
        channel: notification.recipient.channel().as_str().to_owned(),
    };
    (Draft::from(&event), notification.cause.clone())
}
