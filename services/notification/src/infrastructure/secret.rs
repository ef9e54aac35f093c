//! What must never be printed.

use std::fmt;

/// Text that no log, error or `Debug` output shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes it over.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
