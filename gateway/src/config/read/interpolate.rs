//! `${NAME}` and `${NAME:-default}` in string values, filled from the environment.
//!
//! It happens after parsing, so that a value cannot bring its own TOML and no position shifts. Only `${` begins a
//! reference; `$${` stands for the two characters themselves, and any other `$` (`/users$`, `$1`) for itself. As in a
//! shell, `:-` also replaces a variable that is set but empty.
use std::ops::Range;

/// Why a text cannot be filled, and which bytes of it are to blame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfilled {
    /// No such variable, and no default.
    Missing { name: String, at: Range<usize> },
    /// No closing brace, or what is inside is no name.
    Malformed { at: Range<usize> },
}

/// `text` with its references filled; `None` when it has none.
pub(super) fn fill(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, Vec<Unfilled>> {
    let mut filled = String::with_capacity(text.len());
    let mut faults = Vec::new();
    let mut from = 0;
    let mut changed = false;
    while let Some(found) = text[from..].find("${") {
        let start = from + found;
        changed = true;
        if text[from..start].ends_with('$') {
            filled.push_str(&text[from..start - 1]);
            filled.push_str("${");
            from = start + 2;
            continue;
        }
        filled.push_str(&text[from..start]);
        let Some(length) = text[start..].find('}') else {
            faults.push(Unfilled::Malformed { at: start..text.len() });
            break;
        };
        let end = start + length + 1;
        match value(&text[start + 2..end - 1], env) {
            Ok(value) => filled.push_str(&value),
            Err(Some(name)) => faults.push(Unfilled::Missing { name, at: start..end }),
            Err(None) => faults.push(Unfilled::Malformed { at: start..end }),
        }
        from = end;
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    filled.push_str(&text[from..]);
    Ok(changed.then_some(filled))
}

/// What `NAME` or `NAME:-default` stands for; else the name that is missing, or `None` when it is no name.
fn value(reference: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, Option<String>> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let is_name =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.starts_with(|c: char| !c.is_ascii_digit());
    if !is_name {
        return Err(None);
    }
    match (env(name), default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(Some(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Unfilled, fill};

    fn filled(text: &str) -> Result<Option<String>, Vec<Unfilled>> {
        fill(text, &|name| match name {
            "HOST" => Some(String::from("db-1")),
            "EMPTY" => Some(String::new()),
            "SLY" => Some(String::from("${HOST}")),
            _ => None,
        })
    }

    #[test]
    fn references_are_filled_once() {
        for (text, expected) in [
            ("http://${HOST}:80", Some("http://db-1:80")),
            ("${HOST}${HOST}", Some("db-1db-1")),
            ("${NONE:-a:-b}", Some("a:-b")),
            ("${EMPTY:-x}${EMPTY}", Some("x")),
            ("${SLY}", Some("${HOST}")),
            ("$${HOST}", Some("${HOST}")),
            ("/users$", None),
            ("/$1/$$", None),
            ("", None),
        ] {
            assert_eq!(filled(text), Ok(expected.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn each_fault_has_its_place() {
        let missing = |name: &str, at| Unfilled::Missing { name: name.to_owned(), at };
        assert_eq!(filled("é${A}-${B}"), Err(vec![missing("A", 2..6), missing("B", 7..11)]));
        for text in ["x${HOST", "x${1A}", "x${}", "x${a b}", "x${:-d}"] {
            assert_eq!(filled(text), Err(vec![Unfilled::Malformed { at: 1..text.len() }]), "{text}");
        }
    }
}
