//! What the gateway tells about itself: the access log, the metrics and its own messages.
pub mod access_log;
pub mod clock;
pub(crate) mod exposition;
pub mod messages;
pub(crate) mod metrics;
