//! Literal text of a path, as patterns and rewrites hold it: what a normalised path can hold, and nothing else.
use super::PatternFault;
use crate::path::normalise;

/// Checks `text`, a part of a segment, and that it is in normalised form; ranges of faults are into `text`.
pub(in crate::route) fn check_literal(text: &str) -> Result<(), PatternFault> {
    for (at, character) in text.char_indices() {
        let range = at..at + character.len_utf8();
        let fault = match character {
            '?' => {
                PatternFault::new(range, "a path holds no query").help("conditions on the query stand under `query`")
            }
            '#' => PatternFault::new(range, "a path holds no fragment"),
            '\\' => PatternFault::new(range, "a path holds no backslash: requests with one are refused"),
            '{' | '}' => PatternFault::new(range, "a brace stands only around a name: `{name}`"),
            ' ' => PatternFault::new(range, "a path holds no space").help("percent-encode it: `%20`"),
            _ if character.is_ascii_control() => PatternFault::new(range, "a path holds no control character"),
            _ if !character.is_ascii() => PatternFault::new(range, format!("`{character}` is not ASCII"))
                .help(format!("percent-encode it: `{}`", encode(character))),
            '%' => match check_escape(&text[at..]) {
                Ok(()) => continue,
                Err(fault) => fault.moved(at),
            },
            _ => continue,
        };
        return Err(fault);
    }
    Ok(())
}

/// Checks the escape that `text` begins with.
fn check_escape(text: &str) -> Result<(), PatternFault> {
    let is_hex = |text: &&str| text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit());
    let Some(escape) = text.get(..3).filter(is_hex) else {
        return Err(PatternFault::new(0..1, "a `%` is followed by two hexadecimal digits")
            .help("write `%25` for the character itself"));
    };
    // Behind a letter, so that an encoded full stop makes no dot segment.
    match normalise(&format!("/x{escape}")) {
        Err(_) => Err(PatternFault::new(0..3, format!("requests with `{escape}` in their path are refused"))),
        Ok(normal) if normal[2..] != *escape => {
            let fault = PatternFault::new(0..3, "this is not the form that paths are matched in");
            Err(fault.help(format!("write `{}`", &normal[2..])))
        }
        Ok(_) => Ok(()),
    }
}

fn encode(character: char) -> String {
    let bytes = character.to_string().into_bytes();
    let escapes: Vec<_> = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    escapes.concat()
}
