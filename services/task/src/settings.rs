//! The service's own settings: there are none yet. It is built of them as every service is.

use kit::{Reader, SettingDoc};

/// What the service is told by its environment, beside what every service is.
#[derive(Debug, Clone, Copy)]
pub struct Settings;

impl Settings {
    /// What `--help` says of them.
    pub const DOCS: &'static [SettingDoc] = &[];

    /// Reads them; faults stay with the reader.
    pub fn read(_: &mut Reader) -> Self {
        Self
    }
}
