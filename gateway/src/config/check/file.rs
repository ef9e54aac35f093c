//! Files that the file names.
use std::{io, path::PathBuf};

use super::Checks;
use crate::config::{
    diagnose::{Code, Finding},
    read::{At, Text},
};

impl Checks {
    /// What is in a file, and where it is, as [`Checks::read`] finds it; a fault is reported.
    pub(super) fn file(&mut self, text: &At<Text>) -> Option<(PathBuf, Vec<u8>)> {
        let error = match self.read(text.value.as_str()) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let shown = text.value.shown();
        self.report(if error.kind() == io::ErrorKind::NotFound {
            let finding = Finding::new(Code::FileMissing, &text.span, format!("there is no file `{shown}`"));
            finding.label("not found").help("a relative path begins in the folder of this file")
        } else {
            let message = format!("`{shown}` cannot be read: {error}");
            let finding = Finding::new(Code::FileUnreadable, &text.span, message).label("not readable");
            finding.help("check that it is a file, and that this user may read it")
        });
        None
    }
}
