//! The rules, and nothing else: no async runtime, no HTTP, no SQL.

pub mod backoff;
pub mod cause;
pub mod channel;
pub mod email;
pub mod notification;
pub mod occasion;
pub mod recipient;
pub mod text;
pub mod url;

pub use backoff::Backoff;
pub use cause::Cause;
pub use channel::Channel;
pub use email::Email;
pub use notification::{Notification, NotificationId, State, Undelivered, UserId};
pub use occasion::Occasion;
pub use recipient::{LogName, Recipient};
pub use text::{Message, Subject};
pub use url::WebhookUrl;
