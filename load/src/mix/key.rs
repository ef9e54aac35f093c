//! A table of the file, whose keys are taken out one by one, so that what is left over is unknown.

use std::{borrow::Cow, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Fault;

/// A value with its place.
pub(super) type At<'a> = Spanned<DeValue<'a>>;

/// A table that is being read. Faults are collected, never returned, so that one does not hide the next.
pub(super) struct Keys<'a> {
    entries: Vec<(Spanned<Cow<'a, str>>, At<'a>)>,
    known: Vec<&'static str>,
    /// Where the table stands.
    pub(super) span: Range<usize>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(table: DeTable<'a>, span: Range<usize>) -> Self {
        Self { entries: table.into_iter().collect(), known: Vec::new(), span }
    }

    /// The table in `value`, or a fault.
    pub(super) fn of(value: At<'a>, faults: &mut Vec<Fault>) -> Option<Self> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(table, span)),
            _ => expected("a table", span, faults),
        }
    }

    /// The value of `key`, when it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<At<'a>> {
        self.known.push(key);
        let place = self.entries.iter().position(|(name, _)| name.get_ref() == key)?;
        Some(self.entries.swap_remove(place).1)
    }

    /// The value of `key`; a fault when it is not there.
    pub(super) fn required(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Option<At<'a>> {
        let value = self.take(key);
        if value.is_none() {
            faults.push(Fault::new(format!("`{key}` is missing"), self.span.clone()));
        }
        value
    }

    /// All that is left, where any name is allowed.
    pub(super) fn rest(self) -> impl Iterator<Item = (Spanned<Cow<'a, str>>, At<'a>)> {
        self.entries.into_iter()
    }

    /// Ends the reading: what was not taken is unknown.
    pub(super) fn finish(self, faults: &mut Vec<Fault>) {
        for (name, _) in self.entries {
            let near = |known: &&&str| strsim::damerau_levenshtein(name.get_ref(), known) <= 2;
            let fault = Fault::new(format!("unknown key `{}`", name.get_ref()), name.span());
            faults.push(match self.known.iter().find(near) {
                Some(known) => fault.help(format!("did you mean `{known}`?")),
                None => fault.help(format!("known here: {}", self.known.join(", "))),
            });
        }
    }
}

/// Notes that `what` stood not where it should.
pub(super) fn expected<T>(what: &str, span: Range<usize>, faults: &mut Vec<Fault>) -> Option<T> {
    faults.push(Fault::new(format!("expected {what}"), span));
    None
}

/// A string with its place.
pub(super) fn string(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => expected("a string", value.span(), faults),
    }
}

/// Yes or no.
pub(super) fn boolean(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<bool> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Some(*yes),
        _ => expected("true or false", value.span(), faults),
    }
}

/// A number, whole or not.
pub(super) fn number(value: &At<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Integer(digits) => digits.to_string().parse().ok(),
        DeValue::Float(digits) => digits.to_string().parse().ok(),
        _ => None,
    }
}

/// A whole number.
pub(super) fn integer(value: &At<'_>) -> Option<i64> {
    match value.get_ref() {
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok(),
        _ => None,
    }
}
