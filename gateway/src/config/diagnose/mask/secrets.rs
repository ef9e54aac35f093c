//! Finds the values of names that look secret, whatever stands around them.
use std::ops::Range;

use super::{Hidden, is_secret};

/// For the text of a file.
pub(super) fn hide(text: &[char], hidden: &mut Hidden) {
    hide_named(text, value_start, hidden);
    hide_secret_sections(text, hidden);
}

/// For a sentence.
pub(super) fn hide_assigned(text: &[char], hidden: &mut Hidden) {
    hide_named(text, assigned, hidden);
}

/// Hides the value of each name that looks secret; `value_of` finds where it begins.
fn hide_named(text: &[char], value_of: fn(&[char], &Range<usize>) -> Option<usize>, hidden: &mut Hidden) {
    let mut at = 0;
    while at < text.len() {
        let word = word_at(text, at);
        if word.is_empty() {
            at += 1;
            continue;
        }
        let name: String = text[word.clone()].iter().collect();
        at = word.end;
        if is_secret(&name)
            && let Some(start) = value_of(text, &word)
            && !(name == "key" && is_no_secret(text, start))
        {
            hide_value(text, start, hidden);
        }
    }
}

/// Whether `"ip"`, `"header:NAME"` or `"claim:NAME"` stands there, a rate limit's `key`, or the name of a file with one.
fn is_no_secret(text: &[char], start: usize) -> bool {
    let start = skip_spaces(text, start);
    let Some(&quote @ ('"' | '\'')) = text.get(start) else {
        return false;
    };
    let Some(end) = string_end(text, start, quote) else {
        return false;
    };
    let value: String = text[start + 1..end].iter().collect();
    let name = value.strip_prefix("header:").or_else(|| value.strip_prefix("claim:"));
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_file = [".key", ".pem"].iter().any(|end| value.ends_with(end)) && !value.contains(['\n', ' ', '=', '+']);
    value == "ip" || name.is_some_and(is_name) || is_file
}

/// The bare key that begins at `at`; empty when none does.
fn word_at(text: &[char], at: usize) -> Range<usize> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    at..(at..text.len()).find(|&at| !is_part(text[at])).unwrap_or(text.len())
}

/// Where the value of the name at `word` begins, if it is a name at all: it is assigned to, or it opens a statement and
/// YAML's colon or nothing but space follows.
fn value_start(text: &[char], word: &Range<usize>) -> Option<usize> {
    let key_end = key_end(text, word);
    let next = skip_spaces(text, key_end);
    let before = (0..word.start).rfind(|&at| !matches!(text[at], ' ' | '\t' | '"' | '\''));
    let opens = before.is_none_or(|at| matches!(text[at], '\n' | '{' | ',' | '#'));
    assigned(text, word).or_else(|| match text.get(next) {
        Some(':') if opens => Some(next + 1),
        Some(&c) if opens && next > key_end && (c.is_alphanumeric() || c == '"' || c == '\'') => Some(next),
        _ => None,
    })
}

/// Where the value begins that the name at `word` is assigned: after an `=`, with nothing but the rest of a dotted or
/// quoted key in between (`"my secret key" = 1`).
fn assigned(text: &[char], word: &Range<usize>) -> Option<usize> {
    let mut rest = word.end..text.len();
    let next = rest.find(|&at| !is_of_key(text[at]) && !matches!(text[at], ' ' | '\t'))?;
    (text[next] == '=').then_some(next + 1)
}

fn key_end(text: &[char], word: &Range<usize>) -> usize {
    let mut rest = word.end..text.len();
    rest.find(|&at| !is_of_key(text[at])).unwrap_or(text.len())
}

/// Of a bare, dotted or quoted key.
fn is_of_key(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '"' | '\'')
}

/// Hides the value that begins at or after `start`, perhaps on the next line. Unquoted, it reaches to the line's end.
fn hide_value(text: &[char], start: usize, hidden: &mut Hidden) {
    let mut start = skip_spaces(text, start);
    if text.get(start).is_none_or(|&c| matches!(c, '\n' | '\r')) {
        let is_blank = |at: &usize| text[*at].is_whitespace();
        start = (start..text.len()).find(|at| !is_blank(at)).unwrap_or(text.len());
        if !text.get(start).is_some_and(|c| matches!(c, '"' | '\'' | '[' | '{')) {
            return;
        }
    }
    match text.get(start) {
        Some(&quote @ ('"' | '\'')) => hide_string(text, start, quote, hidden),
        Some('[' | '{') => {
            let end = bracket_end(text, start);
            hidden.hide(start + 1..end);
        }
        _ if is_yes_or_no(text, start) => {}
        _ => hidden.hide(start..line_end(text, start)),
    }
}

/// A yes or a no is nobody's secret: `credentials = true`.
fn is_yes_or_no(text: &[char], start: usize) -> bool {
    let word = word_at(text, start);
    let next = text.get(skip_spaces(text, word.end));
    let ends = next.is_none_or(|c| matches!(c, '\n' | '\r' | ',' | '}' | '#'));
    ends && matches!(&text[word].iter().collect::<String>()[..], "true" | "false")
}

fn hide_string(text: &[char], start: usize, quote: char, hidden: &mut Hidden) {
    if text[start..].starts_with(&[quote; 3]) {
        let inner = start + 3;
        let close = (inner..text.len()).find(|&at| text[at..].starts_with(&[quote; 3]));
        hidden.hide(inner..close.unwrap_or(text.len()));
        return;
    }
    let end = line_end(text, start);
    let Some(close) = string_end(text, start, quote) else {
        return hide_unclosed(text, start + 1, hidden);
    };
    hidden.hide(start + 1..close);
    // What stands between the quote and the next separator should not be there: the quote was part of the secret.
    let after = close + 1..end;
    let separator = after.clone().find(|&at| matches!(text[at], ',' | '}' | ']' | '#'));
    let rest = after.start..separator.unwrap_or(end);
    if text[rest].iter().any(|c| !c.is_whitespace()) {
        hidden.hide(after);
    }
}

/// A string that its line does not close may go on (a pasted private key does), up to a line that is TOML again.
fn hide_unclosed(text: &[char], start: usize, hidden: &mut Hidden) {
    let mut at = start;
    loop {
        let end = line_end(text, at);
        hidden.hide(at..end);
        at = end + 1;
        if at >= text.len() || is_statement(&text[at..line_end(text, at)]) {
            return;
        }
    }
}

/// A header, a comment, or a key and the beginning of a value; the `=` that ends base64 is none.
fn is_statement(line: &[char]) -> bool {
    let line: String = line.iter().collect();
    let line = line.trim();
    let is_pair = line.split_once('=').is_some_and(|(key, value)| {
        let value = value.trim_start();
        key.trim_end().chars().all(|c| is_of_key(c) || c == ' ')
            && value.starts_with(|c: char| c.is_alphanumeric() || "\"'[{+-".contains(c))
    });
    is_pair || line.starts_with(['[', '#'])
}

/// The closing quote of the string that opens at `start`, on the same line.
fn string_end(text: &[char], start: usize, quote: char) -> Option<usize> {
    let mut at = start + 1;
    while at < text.len() && text[at] != '\n' {
        match text[at] {
            '\\' if quote == '"' && text.get(at + 1) != Some(&'\n') => at += 1,
            c if c == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The bracket that closes the one at `start`, or the end of the text.
fn bracket_end(text: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() {
        match text[at] {
            '[' | '{' => depth += 1,
            ']' | '}' if depth == 1 => return at,
            ']' | '}' => depth -= 1,
            quote @ ('"' | '\'') => at = string_end(text, at, quote).unwrap_or(at),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Under a header such as `[store.credentials]` every value is hidden. What follows `services` is the operator's own
/// name and says nothing: a service may well be called `token`.
fn hide_secret_sections(text: &[char], hidden: &mut Hidden) {
    let mut inside = false;
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        let line: String = text[at..end].iter().collect();
        if let Some(header) = line.trim_start().strip_prefix('[') {
            let names: Vec<&str> = header.trim_start_matches('[').split(['.', ']']).collect();
            let own_name = names.first().is_some_and(|name| name.trim() == "services");
            inside = names.iter().enumerate().any(|(n, name)| is_secret(name) && !(own_name && n == 1));
        } else if inside && let Some(equals) = (at..end).find(|&at| text[at] == '=') {
            hide_value(text, equals + 1, hidden);
        }
        at = end + 1;
    }
}

fn skip_spaces(text: &[char], at: usize) -> usize {
    (at..text.len()).find(|&at| !matches!(text[at], ' ' | '\t')).unwrap_or(text.len())
}

fn line_end(text: &[char], at: usize) -> usize {
    (at..text.len()).find(|&at| text[at] == '\n').unwrap_or(text.len())
}
