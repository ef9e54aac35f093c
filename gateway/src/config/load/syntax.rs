//! What is said about a text that is no TOML.
use std::ops::Range;

use toml::de::Error;

use crate::config::diagnose::{Code, Finding};

/// The parser recovers from an error, but guesses at what follows it. So its errors are all reported, and of the other
/// faults those that stand on lines before the first error, where nothing was guessed; a thing that seems to be missing
/// may stand in what could not be read.
pub(super) fn with_errors(text: &str, errors: &[Error], findings: Vec<Finding>) -> Vec<Finding> {
    let line_of = |at: usize| memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count();
    let mut errors: Vec<_> = errors.iter().map(|error| (place(error, text), error)).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let first = errors.first().map_or(0, |(span, _)| line_of(span.start));
    let is_sound =
        |finding: &Finding| !finding.code.is_absence() && line_of(finding.span.start.min(text.len())) < first;
    let mut all: Vec<Finding> = findings.into_iter().filter(is_sound).collect();
    let mut last_line = None;
    let mut last_comma = None;
    for (span, error) in errors {
        let line = line_of(span.start);
        // What follows the first error of a line is mostly the same mistake again, and so is a missing comma on one
        // line after the other: that is a bracket which was never closed.
        let is_comma = error.message().contains("missing comma");
        let goes_on = is_comma && last_comma.is_some_and(|last| line <= last + 2);
        if last_line != Some(line) && !goes_on {
            all.push(finding(error.message(), &span));
        }
        last_line = Some(line);
        if is_comma {
            last_comma = Some(line);
        }
    }
    all
}

fn place(error: &Error, text: &str) -> Range<usize> {
    let span = error.span().unwrap_or(0..0);
    let start = span.start.min(text.len());
    start..span.end.clamp(start, text.len())
}

/// The parser's words, with what to do about the commonest mistakes.
fn finding(message: &str, span: &Range<usize>) -> Finding {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let label = match expected {
        "" if what == "duplicate key" => String::from("the second time"),
        "" => String::from("here"),
        "nothing" => String::from("not expected here"),
        "literal string" => String::from("expected quotes"),
        _ => format!("expected {expected}"),
    };
    let is_quote = matches!(expected, "`\"`" | "'`'" | "`'`" | "`\"\"\"`" | "`\'\'\'`");
    let help = match what {
        _ if is_quote => "close the string with the quote that opened it, on the same line",
        "duplicate key" => "a key or a table stands in a file once: make one of the two",
        "key with no value" => "write `name = value`",
        "invalid unquoted key" => "write `name = value`, and a key with other characters in quotes",
        "string values must be quoted" | "invalid float" | "invalid integer" => {
            "everything but numbers, true and false stands in quotes: \"0.0.0.0:8000\", \"5s\""
        }
        "missing comma between array elements" => "put a comma between two elements, or close the list with `]`",
        "missing comma between key-value pairs" => "put a comma between two pairs, or close the table with `}`",
        _ => "see https://toml.io for how keys, values and tables are written",
    };
    Finding::new(Code::Syntax, span, what).label(label).help(help)
}
