//! Regular expressions that must match the whole of a text.
use std::ops::Range;

use regex_automata::{
    meta::{BuildError, Regex},
    util::captures::Captures,
};

use super::PatternFault;

/// Of one compiled expression, in bytes: more than those need that people write, and little for a server.
pub(super) const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression, anchored at both ends. Matching takes time linear in the text, whatever the expression.
#[derive(Debug, Clone)]
pub(in crate::route) struct Anchored {
    text: Box<str>,
    regex: Regex,
}

/// The text says all of it.
impl PartialEq for Anchored {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Anchored {
    /// Compiles `text`; ranges of faults are into `text`.
    pub(in crate::route) fn parse(text: &str) -> Result<Self, PatternFault> {
        if text.is_empty() {
            return Err(PatternFault::new(0..0, "a regular expression is missing after `~`"));
        }
        // Alone first: `a)(b` is only whole between the parentheses that the anchors need, and a fault's place is
        // the one in the operator's own text.
        compile(text).map_err(|error| fault(text, &error))?;
        let regex = compile(&format!(r"\A(?:{text})\z")).map_err(|error| {
            PatternFault::new(0..text.len(), format!("the expression cannot be anchored: {}", reason(&error)))
        })?;
        Ok(Self { text: text.into(), regex })
    }

    /// As written, without the `~`.
    pub(in crate::route) fn text(&self) -> &str {
        &self.text
    }

    pub(in crate::route) fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// How many groups there are, the whole match not counted.
    pub(in crate::route) fn groups(&self) -> usize {
        self.regex.group_info().group_len(regex_automata::PatternID::ZERO) - 1
    }

    /// What each group took of `text`, which matches; nothing for one that took no part.
    pub(in crate::route) fn captures(&self, text: &[u8]) -> impl Iterator<Item = Option<Range<usize>>> {
        let mut captures = self.regex.create_captures();
        self.regex.captures(text, &mut captures);
        let range = |captures: &Captures, group| captures.get_group(group).map(|span| span.range());
        (1..=self.groups()).map(move |group| range(&captures, group))
    }

    /// The place of a named group among the groups, from 0.
    pub(in crate::route) fn group(&self, name: &str) -> Option<usize> {
        let info = self.regex.group_info();
        info.to_index(regex_automata::PatternID::ZERO, name).map(|index| index - 1)
    }

    /// The names of those groups that have one.
    pub(in crate::route) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.regex.group_info().pattern_names(regex_automata::PatternID::ZERO).flatten()
    }
}

fn compile(text: &str) -> Result<Regex, Box<BuildError>> {
    let config = Regex::config().nfa_size_limit(Some(SIZE_LIMIT));
    Regex::builder().configure(config).build(text).map_err(Box::new)
}

/// The last line of what the compiler says, which holds the reason; the others repeat the text.
fn reason(error: &BuildError) -> String {
    if error.size_limit().is_some() {
        return "it is too large when compiled".to_owned();
    }
    let full = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
    let last = full.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

fn fault(text: &str, error: &BuildError) -> PatternFault {
    let at = error.syntax_error().and_then(|error| place(text, &error.to_string())).unwrap_or(0..text.len());
    PatternFault::new(at, format!("this is not a regular expression: {}", reason(error)))
}

/// Where the compiler's caret points. It says so only in the text of its error: the expression indented by four
/// spaces, and below it a line of spaces and carets.
fn place(text: &str, error: &str) -> Option<Range<usize>> {
    let carets = error.lines().find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty())?;
    let first = carets.find('^')?.checked_sub(4)?;
    let last = carets.trim_end().len().checked_sub(5)?;
    let mut offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let start = offsets.nth(first)?;
    let end = offsets.nth(last - first).unwrap_or(text.len());
    Some(start..end)
}
