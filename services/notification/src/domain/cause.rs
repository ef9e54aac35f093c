//! Where a notification comes from.

/// The longest of either part, in characters.
const MAX_CHARS: usize = 128;

/// The request that began what led to a notification: kept with it, since its delivery may come much later
/// and the event that tells of it is a part of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    correlation_id: String,
    traceparent: Option<String>,
}

impl Cause {
    /// Of another service's words: each at most 128 characters and without controls.
    pub fn new(correlation_id: &str, traceparent: Option<&str>) -> Self {
        Self { correlation_id: plain(correlation_id), traceparent: traceparent.map(plain) }
    }

    /// The first request's id.
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }

    /// Its trace (W3C Trace Context, section 3.2), if it had one.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_made_plain() {
        let long = "x".repeat(1_000);
        let cause = Cause::new("a\0b", Some(&long));
        assert_eq!(cause.correlation_id(), "ab");
        assert_eq!(cause.traceparent().map(str::len), Some(128));
    }
}
