//! Whom a notification is for, as its channel needs it.

use super::email::InvalidEmail;
use super::url::InvalidUrl;
use super::{Channel, Email, WebhookUrl};

/// The longest name of a recipient in the log, in characters.
const MAX_CHARS: usize = 254;

/// Whom it is for. The channel is the recipient's: no e-mail goes to a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An e-mail address.
    Email(Email),
    /// A URL that takes webhooks.
    Webhook(WebhookUrl),
    /// A name for the log's line.
    Log(LogName),
}

/// Why a text is no recipient of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipient {
    /// Of e-mails.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// Of webhooks.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// Of the log.
    #[error("must be 1 to 254 characters, without control characters")]
    LogName,
}

impl Recipient {
    /// Parses the recipient of a channel.
    pub fn parse(channel: Channel, text: &str) -> Result<Self, InvalidRecipient> {
        Ok(match channel {
            Channel::Email => Self::Email(Email::parse(text)?),
            Channel::Webhook => Self::Webhook(WebhookUrl::parse(text)?),
            Channel::Log => Self::Log(LogName::parse(text)?),
        })
    }

    /// How it is reached.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Webhook(_) => Channel::Webhook,
            Self::Log(_) => Channel::Log,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Webhook(url) => url.as_str(),
            Self::Log(name) => &name.0,
        }
    }
}

/// A name for the log: 1 to 254 characters, none of them a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogName(String);

impl LogName {
    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidRecipient> {
        let text = text.trim();
        let length = text.chars().take(MAX_CHARS + 1).count();
        let valid = (1..=MAX_CHARS).contains(&length) && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidRecipient::LogName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_one_of_its_channel() {
        fn check(channel: &str, text: &str, valid: bool) {
            let channel = Channel::parse(channel).unwrap();
            let parsed = Recipient::parse(channel, text);
            assert_eq!(parsed.is_ok(), valid, "{text:?}");
            if let Ok(recipient) = parsed {
                assert_eq!((recipient.channel(), recipient.as_str()), (channel, text.trim()));
            }
        }
        check("email", "ada@example.com", true);
        check("email", "https://example.com/", false);
        check("webhook", "https://example.com/", true);
        check("webhook", "ada@example.com", false);
        check("log", " Ada ", true);
        check("log", "  ", false);
        check("log", "a\nlevel=ERROR", false);
        check("log", &"ä".repeat(254), true);
        check("log", &"ä".repeat(255), false);
        assert_eq!(Channel::parse("Email"), None);
    }
}
