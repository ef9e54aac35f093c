//! What is wrong with a file, said to a person: [`Fault`], and all of a file's [`Faults`] as text or as JSON.
//!
//! Two things hold for every word that leaves this module. A position counts lines and characters from 1, as editors
//! do. And nothing that looks like a secret is shown: the text behind the carets is masked before anything else sees
//! it, so that a file which does not even parse gives nothing away.
mod finding;
mod human;
mod lines;
mod mask;

use std::fmt;

use super::Source;

use serde_json::{Value, json};

pub(crate) use finding::{Code, Finding};
pub use human::Style;
use mask::mask_sentence;
pub(crate) use mask::{is_secret, mask};

use lines::Lines;

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is, for programs: stable, in snake case (`unknown_key`).
    pub code: &'static str,
    /// What went wrong, in a sentence without its full stop.
    pub message: String,
    /// The file, as the operator named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters of that line; 0 when the fault is not about a place in the file.
    pub len: usize,
    /// What stands beside the caret, mostly what was expected there.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places of the same file that have to do with it, such as the route that always wins.
    pub related: Vec<Related>,
}

/// Another place that a [`Fault`] points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What that place has to do with the fault.
    pub label: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters of that line.
    pub len: usize,
}

/// Why a file could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultsKind {
    /// There is no such file: `gateway check` exits 1, `gateway run` 2.
    Missing,
    /// It is there, but cannot be read or is not UTF-8.
    Unreadable,
    /// It was read, and something in it is wrong.
    Invalid,
}

/// Everything that is wrong with a file, by position; never empty.
#[derive(Debug, Clone)]
pub struct Faults {
    kind: FaultsKind,
    file: String,
    /// The masked text, character for character as long as the file's; empty when the file could not be read.
    snippet: String,
    list: Vec<Fault>,
    sources: Vec<Source>,
}

impl Faults {
    /// Why the file could not be used.
    pub fn kind(&self) -> FaultsKind {
        self.kind
    }

    /// The faults, sorted by position.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// For people: each fault with its line, a caret, what was expected and what to do, then how many there are.
    pub fn render(&self, style: Style) -> String {
        human::render(self, style)
    }

    /// For programs (`--format json`): an array of `{code, message, file, line, column, help}`; `help` may be null.
    pub fn to_json(&self) -> Value {
        self.list
            .iter()
            .map(|fault| {
                json!({
                    "code": fault.code,
                    "message": fault.message,
                    "file": fault.file,
                    "line": fault.line,
                    "column": fault.column,
                    "help": fault.help,
                })
            })
            .collect()
    }

    /// Every file that was read, the faulty one first, as each was then.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The faults found in `text`, which was read from `file`.
    pub(crate) fn found(file: &str, text: &str, findings: Vec<Finding>) -> Self {
        let lines = Lines::new(text);
        let mut list: Vec<Fault> = findings.into_iter().map(|finding| finding.place(file, &lines)).collect();
        list.sort_by(|a, b| (a.line, a.column, a.code).cmp(&(b.line, b.column, b.code)));
        list.dedup();
        Self { kind: FaultsKind::Invalid, file: file.to_owned(), snippet: mask(text), list, sources: Vec::new() }
    }

    /// The one fault of a file that could not be read: it is about no place in particular.
    pub(crate) fn unread(kind: FaultsKind, code: Code, file: &str, message: String, help: &str) -> Self {
        let fault = Fault {
            code: code.as_str(),
            message,
            file: file.to_owned(),
            line: 1,
            column: 1,
            len: 0,
            label: String::new(),
            help: Some(help.to_owned()),
            related: Vec::new(),
        };
        Self { kind, file: file.to_owned(), snippet: String::new(), list: vec![fault], sources: Vec::new() }
    }

    /// Same, with the files that were read, or would have been.
    pub(crate) fn reading(self, sources: Vec<Source>) -> Self {
        Self { sources, ..self }
    }

    /// Same, with its kind changed: for what is wrong with the bytes rather than with what they say.
    pub(crate) fn of_kind(self, kind: FaultsKind) -> Self {
        Self { kind, ..self }
    }
}

/// As [`Faults::render`] without colour.
impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Faults {}
