//! Literal text of a path, as patterns and rewrites hold it: what a normalised path can hold, and nothing else.
use super::PatternFault;
use crate::transform::path::normalise;

/// Checks `text`, a part of a segment, and that it is in normalised form; ranges of faults are into `text`.
pub(in crate::route) fn check_literal(text: &str) -> Result<(), PatternFault> {
    for (at, character) in text.char_indices() {
        let range = at..at + character.len_utf8();
        let encoded = || {
            character
                .to_string()
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<String>()
        };
        let fault = match character {
            '?' => PatternFault::new(range, "a path holds no query")
                .help("conditions on the query stand under `query`"),
            '#' => PatternFault::new(range, "a path holds no fragment"),
            '\\' => PatternFault::new(
                range,
                "a path holds no backslash: requests with one are refused",
            ),
            '{' | '}' => PatternFault::new(range, "a brace stands only around a name: `{name}`"),
            ' ' => {
                PatternFault::new(range, "a path holds no space").help("percent-encode it: `%20`")
            }
            _ if character.is_ascii_control() => {
                PatternFault::new(range, "a path holds no control character")
                    .help(format!("percent-encode it: `{}`", encoded()))
            }
            _ if !character.is_ascii() => {
                PatternFault::new(range, format!("`{character}` is not ASCII"))
                    .help(format!("percent-encode it: `{}`", encoded()))
            }
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
        return Err(
            PatternFault::new(0..1, "a `%` is followed by two hexadecimal digits")
                .help("write `%25` for the character itself"),
        );
    };
    match normalise(&format!("/{escape}")) {
        Err(refused) => Err(PatternFault::new(
            0..3,
            format!("no request can match this: {refused}"),
        )),
        // An encoded full stop may vanish as a dot segment here, so the help is made of the byte, not of the path.
        Ok(normal) if normal[1..] != *escape => {
            let byte = u8::from_str_radix(&escape[1..], 16).map(char::from);
            let upper = escape.to_ascii_uppercase();
            let normal = match byte {
                Ok(byte) if byte.is_ascii_alphanumeric() || "-._~".contains(byte) => {
                    byte.to_string()
                }
                _ => upper,
            };
            Err(
                PatternFault::new(0..3, "this is not the form that paths are matched in")
                    .help(format!("write `{normal}`")),
            )
        }
        Ok(_) => Ok(()),
    }
}
