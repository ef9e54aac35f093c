//! The regular expression of a path.
use std::ops::Range;

use super::{Anchored, PatternFault, language, language::Search};

/// `~/users/.*`: an expression that is anchored to the whole path.
#[derive(Debug, Clone)]
pub(in crate::route) struct PathRegex {
    regex: Anchored,
    /// Every path that matches begins with this: most others are told apart by it alone.
    start: Box<str>,
    sample: Option<Box<str>>,
}

impl PathRegex {
    /// Compiles `text`, which stands after the `~`; ranges of faults are into it.
    pub(super) fn parse(text: &str) -> Result<Self, PatternFault> {
        let regex = Anchored::parse(text)?;
        let sample = match language::sample(text) {
            Search::Path(path) => Some(path.into()),
            Search::Unknown => None,
            Search::Nothing => {
                let fault = PatternFault::new(0..text.len(), "no path can match this expression as a whole");
                return Err(fault.help("a path begins with `/`, and holds neither `//` nor spaces nor `?`, `#`, `\\`"));
            }
        };
        Ok(Self { regex, start: language::literal_start(text).into(), sample })
    }

    pub(in crate::route) fn is_match(&self, path: &str) -> bool {
        path.starts_with(&*self.start) && self.regex.is_match(path.as_bytes())
    }

    /// As written, without the `~`.
    pub(in crate::route) fn text(&self) -> &str {
        self.regex.text()
    }

    /// A path such as it matches, unless the expression is too large to tell.
    pub(in crate::route) fn sample(&self) -> Option<&str> {
        self.sample.as_deref()
    }

    /// How many groups there are, the whole match not counted.
    pub(in crate::route) fn groups(&self) -> usize {
        self.regex.groups()
    }

    /// The number of a named group among the groups, from 0.
    pub(super) fn group(&self, name: &str) -> Option<usize> {
        self.regex.group(name)
    }

    /// The names of those groups that have one.
    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.regex.group_names()
    }

    /// What each group took of `path`, which matches; nothing for one that took no part.
    pub(in crate::route) fn captures(&self, path: &str) -> impl Iterator<Item = Option<Range<usize>>> {
        self.regex.captures(path.as_bytes())
    }
}
