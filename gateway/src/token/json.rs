//! Where JSON's values end (RFC 8259): a walk over a text that says what belongs together and builds nothing.
use std::borrow::Cow;

/// How deep a value may be nested.
pub(super) const MAX_DEPTH: usize = 16;

/// A place in a text. Each step is `None` where the text is not what the step expects.
#[derive(Debug)]
pub(super) struct Walk<'j> {
    text: &'j str,
    at: usize,
}

impl<'j> Walk<'j> {
    pub(super) fn new(text: &'j str) -> Self {
        Self { text, at: 0 }
    }

    /// The one object or list that the text is, space around it included: `one` takes each member or element.
    pub(super) fn all(mut self, begin: u8, end: u8, one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip_space();
        self.list(begin, end, one)?;
        self.skip_space();
        (self.at == self.text.len()).then_some(())
    }

    /// A member's name, and all up to its value.
    pub(super) fn name(&mut self) -> Option<Cow<'j, str>> {
        let begin = self.at;
        let escaped = self.skip_string()?;
        let json = self.text.get(begin..self.at)?;
        self.skip_colon()?;
        if escaped { text(json) } else { json.get(1..json.len() - 1).map(Cow::Borrowed) }
    }

    /// Any value, as it is written.
    pub(super) fn value(&mut self) -> Option<&'j str> {
        let begin = self.at;
        self.skip_value(0)?;
        self.text.get(begin..self.at)
    }

    fn skip_value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string().map(drop),
            b'{' | b'[' if depth == MAX_DEPTH => None,
            b'{' => self.list(b'{', b'}', |walk| {
                walk.skip_string()?;
                walk.skip_colon()?;
                walk.skip_value(depth + 1)
            }),
            b'[' => self.list(b'[', b']', |walk| walk.skip_value(depth + 1)),
            b't' => self.skip_word("true"),
            b'f' => self.skip_word("false"),
            b'n' => self.skip_word("null"),
            _ => self.skip_number(),
        }
    }

    fn list(&mut self, begin: u8, end: u8, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.step(begin)?;
        self.skip_space();
        if self.step(end).is_some() {
            return Some(());
        }
        loop {
            one(self)?;
            self.skip_space();
            match self.next()? {
                b',' => self.skip_space(),
                last => return (last == end).then_some(()),
            }
        }
    }

    /// Whether there was an escape in it.
    fn skip_string(&mut self) -> Option<bool> {
        let mut escaped = false;
        self.step(b'"')?;
        loop {
            self.at += plain(&self.text.as_bytes()[self.at..]);
            match self.next()? {
                b'"' => return Some(escaped),
                b'\\' => self.skip_escape()?,
                _ => return None,
            }
            escaped = true;
        }
    }

    fn skip_colon(&mut self) -> Option<()> {
        self.skip_space();
        self.step(b':')?;
        self.skip_space();
        Some(())
    }

    fn skip_number(&mut self) -> Option<()> {
        let _ = self.step(b'-');
        // A number does not begin with a zero that says nothing.
        if self.step(b'0').is_none() {
            self.skip_digits()?;
        }
        if self.step(b'.').is_some() {
            self.skip_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Some(())
    }

    /// One at least.
    fn skip_digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > begin).then_some(())
    }

    fn skip_word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn skip_escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => (0..4).all(|_| self.next().is_some_and(|byte| byte.is_ascii_hexdigit())).then_some(()),
            _ => None,
        }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn step(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}

/// What a value says that is a JSON string, quotes taken off; `None` for another value, and for half of a surrogate pair.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?;
    match inner.split_at_checked(plain(inner.as_bytes()))? {
        (text, "\"") => Some(Cow::Borrowed(text)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// How many bytes say only themselves: neither `"` nor `\` nor a control character. Eight at a time: in each byte of
/// `marks` the highest bit is set where the word's byte is one of those, up to the first of them exactly.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    let mut length = 0;
    while let Some(chunk) = bytes[length..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let marks = (below(word, 0x20) | equal(b'"') | equal(b'\\')) & (ONES << 7);
        if marks != 0 {
            return length + marks.trailing_zeros() as usize / 8;
        }
        length += chunk.len();
    }
    let rest = bytes[length..].iter();
    length + rest.take_while(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests;
