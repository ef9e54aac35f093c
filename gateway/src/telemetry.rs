//! What the gateway tells about itself: the access log, the metrics and its own messages.
pub(crate) mod access_log;
pub(crate) mod clock;
pub mod messages;
pub(crate) mod metrics;
