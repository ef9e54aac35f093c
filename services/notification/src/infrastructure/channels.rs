//! The ways to recipients, as the operator has set them up.

use std::time::Duration;

use async_trait::async_trait;
use kit::metrics::{Counter, Metrics};

use super::EmailChannel;
use super::webhook::WebhookChannel;
use crate::application::ports::{Channels, Unsuitable};
use crate::domain::{Channel, Notification, Recipient, Undelivered};

/// The log, and what else there is.
pub struct ConfiguredChannels {
    email: Option<EmailChannel>,
    webhook: Option<WebhookChannel>,
    timeout: Duration,
    delivered: Counter,
    undelivered: Counter,
}

impl ConfiguredChannels {
    /// Over these channels. `timeout` is the longest that a delivery takes as a whole.
    pub fn new(
        email: Option<EmailChannel>,
        webhook: Option<WebhookChannel>,
        timeout: Duration,
        metrics: &Metrics,
    ) -> Self {
        Self {
            email,
            webhook,
            timeout,
            delivered: metrics.counter("notifications_delivered", "Notifications that their channel took"),
            undelivered: metrics.counter("notifications_undelivered", "Attempts at a delivery that failed"),
        }
    }

    async fn attempt(&self, notification: &Notification) -> Result<(), Undelivered> {
        match (&notification.recipient, &self.email, &self.webhook) {
            (Recipient::Log(_), _, _) => {
                log(notification);
                Ok(())
            }
            (Recipient::Email(to), Some(email), _) => email.deliver(to, notification).await,
            (Recipient::Webhook(to), _, Some(webhook)) => webhook.deliver(to, notification).await,
            // The operator took the channel away since.
            _ => Err(Undelivered { reason: "its channel is not set up".to_owned(), permanent: true }),
        }
    }
}

#[async_trait]
impl Channels for ConfiguredChannels {
    fn check(&self, recipient: &Recipient) -> Result<(), Unsuitable> {
        match (recipient, &self.email, &self.webhook) {
            (Recipient::Email(_), None, _) => Err(Unsuitable::Channel(Channel::Email)),
            (Recipient::Webhook(_), _, None) => Err(Unsuitable::Channel(Channel::Webhook)),
            (Recipient::Webhook(to), _, Some(webhook)) => webhook.check(to),
            _ => Ok(()),
        }
    }

    async fn deliver(&self, notification: &Notification) -> Result<(), Undelivered> {
        let outcome = tokio::time::timeout(self.timeout, self.attempt(notification)).await;
        let late = |_| Undelivered { reason: "the recipient did not answer in time".to_owned(), permanent: false };
        let outcome = outcome.map_err(late).flatten();
        if outcome.is_ok() {
            self.delivered.inc()
        } else {
            self.undelivered.inc()
        };
        outcome
    }
}

/// What it says is for those alone who turn the level up.
fn log(notification: &Notification) {
    let Notification { id, owner, recipient, subject, message, .. } = notification;
    tracing::info!(%id, %owner, "notification");
    tracing::debug!(%id, recipient = recipient.as_str(), subject = subject.as_str(), message = message.as_str(), "text");
}
