//! The notification service: tells people what happened.
