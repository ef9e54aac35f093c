//! The files that a configuration is made of, and whether they still are what they were.
use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;

/// A file at the moment when it was read. Two are equal when the same file had the same bytes, or could not be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    /// The SHA-256 of its bytes; none while it can't be read.
    digest: Option<[u8; 32]>,
}

impl Source {
    /// The file at `path` with these bytes, or with none that could be read.
    pub(crate) fn read(path: &Path, bytes: Option<&[u8]>) -> Self {
        let digest = bytes.map(|bytes| digest::digest(&digest::SHA256, bytes));
        let digest = digest.map(|digest| digest.as_ref().try_into().expect("SHA-256 has 32 bytes"));
        Self { path: path.to_owned(), digest }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it could be read.
    pub fn is_readable(&self) -> bool {
        self.digest.is_some()
    }
}

/// A digest of a short secret is nearly the secret.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}
