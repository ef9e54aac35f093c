use std::ops::Range;

/// A fault in a text that an operator wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternFault {
    /// Where, in bytes of that text, on character boundaries; may be empty at its end, where something is missing.
    pub at: Range<usize>,
    /// What is wrong and what was expected: a sentence without a full stop.
    pub message: String,
    /// What to write instead, when that is known.
    pub help: Option<String>,
}

impl PatternFault {
    pub(in crate::route) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    pub(in crate::route) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same fault, in a text of which the faulty one is a part that begins at byte `by`.
    pub(in crate::route) fn moved(mut self, by: usize) -> Self {
        self.at = self.at.start + by..self.at.end + by;
        self
    }
}
