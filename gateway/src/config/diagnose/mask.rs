//! Hides what looks like a secret, character for character, in any text: also in one that is no TOML at all.
//!
//! It knows no grammar on purpose. A file that does not parse still shows its lines, and a scanner that trusts quotes
//! is fooled by the first one that is missing. So it rather hides too much than too little: whatever follows a name that
//! looks secret, and the user info of whatever looks like a URL.
mod secrets;

use std::ops::Range;

/// A name that holds one of these, in any case, has a value that nobody should read.
const SECRET: &[&str] =
    &["secret", "password", "passwd", "passphrase", "token", "key", "credential", "authorization", "cookie"];

/// Whether the value under this name must not be shown.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Misspelt by a letter it still is one.
    SECRET.iter().any(|part| name.contains(part) || (part.len() > 4 && strsim::osa_distance(&name, part) == 1))
}

/// `text` with a `*` for each character of a secret, and U+FFFD for each control character, which could steer a
/// terminal. Line endings and tabs stay, so every position stays too. A reference such as `${NAME}` is no secret: it
/// stays readable, without its default.
pub(crate) fn mask(text: &str) -> String {
    masked(text, secrets::hide)
}

/// The same for a sentence, where `token` is mostly a word: only what follows `token=` is hidden.
pub(crate) fn mask_sentence(text: &str) -> String {
    masked(text, secrets::hide_assigned)
}

fn masked(text: &str, hide_secrets: fn(&[char], &mut Hidden)) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut hidden = Hidden { marks: vec![false; characters.len()] };
    hide_user_info(&characters, &mut hidden);
    hide_secrets(&characters, &mut hidden);
    show_references(&characters, &mut hidden);
    let shown = characters.iter().enumerate().map(|(at, &character)| match character {
        '\n' | '\t' => character,
        '\r' if characters.get(at + 1) == Some(&'\n') => character,
        _ if hidden.marks[at] && !character.is_whitespace() => '*',
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    });
    shown.collect()
}

/// Which characters are not shown.
struct Hidden {
    marks: Vec<bool>,
}

impl Hidden {
    fn hide(&mut self, range: Range<usize>) {
        self.marks[range].fill(true);
    }

    fn show(&mut self, range: Range<usize>) {
        self.marks[range].fill(false);
    }
}

/// `http://name:password@host`: all between the scheme and the last `@` of the same string; and `name:password@host`
/// without a scheme, where a word has both a colon and an `@`.
fn hide_user_info(text: &[char], hidden: &mut Hidden) {
    let ends = |character: char| matches!(character, '"' | '\'' | '\n');
    for (at, window) in text.windows(3).enumerate() {
        if window != [':', '/', '/'] {
            continue;
        }
        let start = at + 3;
        let end = (start..text.len()).find(|&at| ends(text[at])).unwrap_or(text.len());
        if let Some(last) = (start..end).rfind(|&at| text[at] == '@') {
            hidden.hide(start..last);
        }
    }
    for (at, _) in text.iter().enumerate().filter(|&(_, &character)| character == '@') {
        let breaks = |character: char| ends(character) || character.is_whitespace();
        let start = (0..at).rfind(|&at| breaks(text[at])).map_or(0, |at| at + 1);
        let word = &text[start..at];
        if word.contains(&':') && !word.windows(2).any(|two| two == ['/', '/']) {
            hidden.hide(start..at);
        }
    }
}

/// `${NAME}` as a whole, and of `${NAME:-default}` all but the default.
fn show_references(text: &[char], hidden: &mut Hidden) {
    for start in 0..text.len().saturating_sub(1) {
        if text[start..start + 2] != ['$', '{'] {
            continue;
        }
        let is_name = |character: &char| character.is_ascii_alphanumeric() || *character == '_';
        let after = text[start + 2..].iter().take_while(|c| is_name(c)).count() + start + 2;
        match text.get(after) {
            Some('}') => hidden.show(start..after + 1),
            Some(':') if text.get(after + 1) == Some(&'-') => hidden.show(start..after + 2),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_looks_secret_is_hidden() {
        for (text, expected) in [
            ("password = \"hunter2\"", "password = \"*******\""),
            ("password = \"hunter2", "password = \"*******"),
            ("secrt = \"hunter2\"", "secrt = \"*******\""),
            ("password = hunter2, x = 1", "password = ******** * * *"),
            ("password: hunter2", "password: *******"),
            ("credentials = true # yes\nx = 1", "credentials = true # yes\nx = 1"),
            ("{ credentials = false, password = \"true\" }", "{ credentials = false, password = \"****\" }"),
            ("password = true story", "password = **** *****"),
            ("password \"hunter2\"", "password \"*******\""),
            ("# token = 'abc' # why", "# token = '***' # why"),
            ("Authorization = \"Bearer abc\" oops", "Authorization = \"****** ***\" ****"),
            ("set = { X-Api-Key = \"a\\\"b\", X = \"c\" }", "set = { X-Api-Key = \"****\", X = \"c\" }"),
            ("key = \"hunter2\"", "key = \"*******\""),
            ("key = \"header:\"", "key = \"*******\""),
            ("api_key = \"ip\"", "api_key = \"**\""),
            ("\"my secret\" = 'é日'", "\"my secret\" = '**'"),
            ("secret.deep.'er' = \"a\"", "secret.deep.'er' = \"*\""),
            ("secret = \"\"\"a\nb\"\"\"\nc = \"d\"", "secret = \"\"\"*\n*\"\"\"\nc = \"d\""),
            // A backslash escapes a quote, but not the line's end.
            ("secret = \"a\\\nb\" c", "secret = \"**\n** *"),
            ("a_key = \"ab\ncd==\nef\"\nb = \"c\"", "a_key = \"**\n****\n***\nb = \"c\""),
            ("secret =\n  \"abc\"\nd = \"e\"", "secret =\n  \"***\"\nd = \"e\""),
            ("tokens = [\"a\",\n \"b\"]\nd = \"e\"", "tokens = [****\n ***]\nd = \"e\""),
            ("[a.secrets]\nb = \"c\"\n[d]\ne = \"f\"", "[a.secrets]\nb = \"*\"\n[d]\ne = \"f\""),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn user_info_is_hidden_wherever_it_stands() {
        for (text, expected) in [
            ("\"http://joe:pw@host:80\"", "\"http://******@host:80\""),
            ("\"redis://:p@ss/w@host\"", "\"redis://*******@host\""),
            ("x = http://joe:p w@host", "x = http://***** *@host"),
            ("\"joe:pw@host\"", "\"******@host\""),
            ("\"me@example.com\"", "\"me@example.com\""),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "upstreams = [\"http://token-service:8001\"]",
            "routes = [\"/token\", \"POST /keys\"]",
            "[services.token]\nroutes = [\"/a\"]",
            "Authorization = \"${TOKEN}\"",
            "key = \"ip\"",
            "{ per = \"1m\", key = 'header:X-Api-Key' }",
            "key = \"claim:realm.sub\"",
            "a = 1\r\n\tb = 2",
        ] {
            assert_eq!(mask(text), text);
        }
        assert_eq!(mask("key = \"a${T:-dflt}b\""), "key = \"*${T:-******\"");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(mask("a\u{1b}[31m\rb\0"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
    }
}
