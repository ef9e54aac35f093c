//! Settings from the environment and `.env`, where the environment wins.
//!
//! Reading never stops at the first fault: a [`Reader`] takes a default in place of a bad value,
//! remembers the [`Fault`], and [`Reader::finish`] tells all of them at once.

mod common;
mod reader;
mod source;

pub use common::{Common, DeploymentMode};
pub use reader::Reader;
pub use source::Source;

use std::fmt;

/// One line of `--help`: a variable that the binary reads.
#[derive(Debug, Clone, Copy)]
pub struct SettingDoc {
    /// The variable's name.
    pub name: &'static str,
    /// Its default as a person would write it; empty when there is none.
    pub default: &'static str,
    /// What it does, in a few words, with its unit.
    pub help: &'static str,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The variable's name.
    pub name: String,
    /// What it holds; `None` for a secret, and for one that is missing.
    pub value: Option<String>,
    /// What would be right.
    pub expected: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value:?}: expected {}", self.name, self.expected),
            None => write!(f, "{}: expected {}", self.name, self.expected),
        }
    }
}
