//! A path made anew from what a pattern took.
use super::{
    Params, PathPattern, PatternFault,
    pattern::{Shape, check_literal},
};
use crate::path::normalise;

#[cfg(test)]
mod tests;

/// `/v2/{id}`, or `/v2/$1` for a regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(Box<str>),
    /// The parameter of this number.
    Param(usize),
}

impl Rewrite {
    /// Reads a template for what `path` matches; ranges of faults are into `template`.
    ///
    /// `{name}` is a segment or a named group of `path`, `$1` to `$99` a group of its regular expression; they may
    /// stand anywhere after the first `/`. A `$` without a digit is itself. The text between must be normalised.
    pub fn parse(template: &str, path: &PathPattern) -> Result<Self, PatternFault> {
        if !template.starts_with('/') {
            let fault = PatternFault::new(0..template.len(), "a path begins with `/`");
            return Err(fault.help(format!("write `/{template}`")));
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while at < template.len() {
            let (part, len) = parse_part(&template[at..], path, check_literal).map_err(|fault| fault.moved(at))?;
            parts.push(part);
            at += len;
        }
        check_segments(template)?;
        Ok(Self { parts })
    }

    /// The new path, for a `path` that the pattern matched and what it `found` there.
    ///
    /// It replaces what the pattern covers: below a prefix, the rest of the path follows it (`/users` to `/v2/people`
    /// makes `/users/7` into `/v2/people/7`), as nginx and Envoy do. The result is normalised again, because pieces
    /// that are harmless apart can join into a dot segment or an escape; one that even so cannot be a path gets its `%`
    /// encoded.
    pub fn apply(&self, path: &str, found: &Params) -> String {
        let mut new = String::with_capacity(path.len() + 32);
        for part in &self.parts {
            match part {
                Part::Text(text) => new.push_str(text),
                Part::Param(index) => new.push_str(found.get(*index, path)),
            }
        }
        let rest = path.get(found.matched..).unwrap_or_default();
        if new.ends_with('/') && rest.starts_with('/') {
            new.pop();
        }
        new.push_str(rest);
        match normalise(&new).map(std::borrow::Cow::into_owned) {
            Ok(normal) => normal,
            Err(_) => new.replace('%', "%25"),
        }
    }
}

/// The part that `template` begins with, and its length; `check` knows what literal text may be.
pub(super) fn parse_part(
    template: &str,
    path: &PathPattern,
    check: fn(&str) -> Result<(), PatternFault>,
) -> Result<(Part, usize), PatternFault> {
    if template.starts_with('{') {
        let Some(close) = template.find('}') else {
            return Err(PatternFault::new(0..template.len(), "this brace is not closed"));
        };
        let name = &template[1..close];
        return match path.parameter(name) {
            Some(index) => Ok((Part::Param(index), close + 1)),
            None => Err(unknown(name, close + 1, path)),
        };
    }
    if let Some(digits) = reference(template) {
        let len = digits.len() + 1;
        return group(digits, path).map(|index| (Part::Param(index), len));
    }
    let is_end = |at: &usize| template[*at..].starts_with('{') || reference(&template[*at..]).is_some();
    let len = (1..template.len()).filter(|at| template.is_char_boundary(*at)).find(is_end).unwrap_or(template.len());
    check(&template[..len])?;
    Ok((Part::Text(template[..len].into()), len))
}

/// The digits of the `$1` that `text` begins with: two at most.
fn reference(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let len = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    (len > 0).then(|| &rest[..len])
}

fn group(digits: &str, path: &PathPattern) -> Result<usize, PatternFault> {
    let at = 0..digits.len() + 1;
    let Shape::Regex(regex) = path.shape() else {
        return Err(PatternFault::new(at, "`$1` stands for a group of a regular expression, and this path is none")
            .help("name a segment `{name}` in the path, and here"));
    };
    match digits.parse::<usize>() {
        Ok(number) if (1..=regex.groups()).contains(&number) => Ok(number - 1),
        _ => Err(PatternFault::new(at, format!("`${digits}` is not a group: the expression has {}", regex.groups()))
            .help("groups are counted from `$1`")),
    }
}

fn unknown(name: &str, len: usize, path: &PathPattern) -> PatternFault {
    let fault = PatternFault::new(0..len, format!("the path has no `{{{name}}}`"));
    let known: Vec<_> = path.names().map(|name| format!("`{{{name}}}`")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    fault.help(format!("names of the path: {known}"))
}

/// No empty segment but the last, and no dot segment.
fn check_segments(template: &str) -> Result<(), PatternFault> {
    let mut start = 1;
    for segment in template[1..].split('/') {
        let end = start + segment.len();
        if segment.is_empty() && end < template.len() {
            return Err(PatternFault::new(start - 1..end + 1, "a segment is empty"));
        }
        if matches!(segment, "." | "..") {
            return Err(PatternFault::new(start..end, "a path is written without dot segments"));
        }
        start = end + 1;
    }
    Ok(())
}
