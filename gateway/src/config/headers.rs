//! What is done to header fields.
use http::{HeaderName, HeaderValue};

/// `request_headers = { set = { X-A = "1" }, add = { X-B = "2" }, remove = ["X-C"] }`; done in the order remove, set,
/// add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Replaces every field of that name.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Comes beside the fields of that name.
    pub add: Vec<(HeaderName, HeaderValue)>,
    /// Removes every field of that name.
    pub remove: Vec<HeaderName>,
}
