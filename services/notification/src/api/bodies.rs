//! What requests and answers hold, and the parsing of the one into the domain's values.

use std::fmt::Display;

use jiff::Timestamp;
use kit::Problem;
use kit::paging::Page;
use kit::problem::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::Content;
use crate::domain::{Channel, Message, Notification, Recipient, State, Subject};

/// A notification to be sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewNotification {
    // Every field is optional to the parser, so that all that are missing are told at once.
    /// `email`, `webhook` or `log`.
    #[schema(required, nullable = false, example = "email")]
    channel: Option<String>,
    /// For `email` an address, for `webhook` an http or https URL, for `log` a name of at most 254 characters.
    #[schema(required, nullable = false, example = "ada@example.com")]
    recipient: Option<String>,
    /// One line.
    #[schema(required, nullable = false, min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// Plain text.
    #[schema(required, nullable = false, min_length = 1, max_length = 10_000)]
    message: Option<String>,
}

impl NewNotification {
    /// 400 `validation_failed` names each field that is wrong.
    pub(super) fn parse(self) -> Result<Content, Problem> {
        let mut faults = Vec::new();
        let channel = field(&mut faults, "channel", self.channel, |name| {
            Channel::parse(name).ok_or("must be email, webhook or log")
        });
        let recipient = match (channel, self.recipient) {
            // What a recipient has to be is the channel's to say.
            (None, Some(_)) => None,
            (channel, recipient) => {
                let channel = channel.unwrap_or(Channel::Log);
                field(&mut faults, "recipient", recipient, |text| Recipient::parse(channel, text))
            }
        };
        let subject = field(&mut faults, "subject", self.subject, Subject::parse);
        let message = field(&mut faults, "message", self.message, Message::parse);
        match (channel, recipient, subject, message) {
            (Some(_), Some(recipient), Some(subject), Some(message)) => Ok(Content { recipient, subject, message }),
            _ => Err(Problem::validation(faults)),
        }
    }
}

/// The field's value, or a fault.
fn field<T, E: Display>(
    faults: &mut Vec<FieldError>,
    name: &'static str,
    value: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let parsed = match value {
        Some(text) => parse(&text).map_err(|error| FieldError::new(name, error)),
        None => Err(FieldError::new(name, "is required")),
    };
    parsed.map_err(|fault| faults.push(fault)).ok()
}

/// A notification.
#[derive(Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationBody {
    id: Uuid,
    /// `email`, `webhook` or `log`.
    channel: &'static str,
    recipient: String,
    subject: String,
    message: String,
    /// `pending`, `sent` or `failed`.
    status: &'static str,
    /// How often its delivery was tried, since it was made or last sent anew after a failure.
    attempts: u32,
    /// Why the last attempt failed.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
}

impl From<&Notification> for NotificationBody {
    fn from(notification: &Notification) -> Self {
        let Notification { id, recipient, subject, message, state, attempts, error, created_at, .. } = notification;
        let (status, sent_at) = match *state {
            State::Pending { .. } => ("pending", None),
            State::Sent { at } => ("sent", Some(at)),
            State::Failed => ("failed", None),
        };
        Self {
            id: id.0,
            channel: recipient.channel().as_str(),
            recipient: recipient.as_str().to_owned(),
            subject: subject.as_str().to_owned(),
            message: message.as_str().to_owned(),
            status,
            attempts: *attempts,
            error: error.clone(),
            created_at: *created_at,
            sent_at,
        }
    }
}

/// A part of the caller's notifications, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct NotificationPage {
    items: Vec<NotificationBody>,
    /// What to send as `cursor` for the items after these; null on the last page.
    next_cursor: Option<String>,
}

impl From<Page<Notification>> for NotificationPage {
    fn from(page: Page<Notification>) -> Self {
        let Page { items, next_cursor } = page;
        Self { items: items.iter().map(NotificationBody::from).collect(), next_cursor }
    }
}
