//! The service as others meet it: by its routes, by events, by SMTP and by webhooks, all of them real.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod email;
mod events;
mod idempotency;
mod mail_server;
mod notifications;
mod openapi;
mod receiver;
mod support;
mod webhook;
