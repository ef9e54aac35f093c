//! Part of the commands that send: hand a notification to its channel.

use super::Application;
use super::fairness::Slot;
use super::ports::Lease;
use crate::domain::Notification;

/// A notification that was taken for its delivery.
#[derive(Debug)]
pub struct Delivery {
    /// The notification.
    pub notification: Notification,
    /// Under what it was taken.
    pub lease: Lease,
    /// Its owner's, until what came of it is stored.
    #[expect(dead_code, reason = "what it does, it does when it is dropped")]
    pub(super) slot: Option<Slot>,
}

/// The same after the attempt: how far it is now, which is yet to be stored.
#[derive(Debug)]
pub struct Delivered(pub(super) Delivery);

impl Application {
    /// Tries once. Nothing is stored by that: [`Application::settle`] follows, and if the process dies
    /// before, the notification is delivered again.
    pub async fn deliver(&self, mut delivery: Delivery) -> Delivered {
        let notification = &mut delivery.notification;
        let outcome = self.channels.deliver(notification).await;
        let (id, channel) = (notification.id, notification.recipient.channel().as_str());
        match outcome {
            Ok(()) => {
                tracing::debug!(%id, channel, "delivered");
                notification.delivered(self.clock.now());
            }
            Err(why) => {
                let (reason, attempt) = (why.reason.clone(), notification.attempts + 1);
                tracing::warn!(%id, channel, attempt, reason, "not delivered");
                notification.undelivered(why, &self.policy.backoff, (self.policy.jitter)(), self.clock.now());
            }
        }
        Delivered(delivery)
    }
}
