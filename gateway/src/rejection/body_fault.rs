//! What is wrong with a body that a schema was to hold for.
use std::borrow::Cow;

use serde::Serialize;

use super::Rejection;

/// One fault of a body, as a problem's `errors` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BodyFault {
    /// Where, as a JSON Pointer (RFC 6901): `/items/0/qty`; empty for the whole.
    pub(crate) pointer: Box<str>,
    /// What is wrong there, in words that follow its name: `must be a string`. Never the value itself.
    pub(crate) detail: Box<str>,
}

impl BodyFault {
    /// A fault of the body as such.
    pub(crate) fn of_whole(detail: impl Into<Box<str>>) -> Self {
        Self { pointer: Box::default(), detail: detail.into() }
    }

    /// For a client who reads one fault alone.
    pub(super) fn sentence(&self) -> Cow<'static, str> {
        match &*self.pointer {
            "" => format!("The body {}.", self.detail).into(),
            pointer => format!("`{pointer}` of the body {}.", self.detail).into(),
        }
    }
}

impl From<BodyFault> for Rejection {
    fn from(fault: BodyFault) -> Self {
        Self::BodyInvalid { faults: Box::new([fault]) }
    }
}
