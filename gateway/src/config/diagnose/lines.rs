//! Byte offsets to the lines and columns that editors show.
use std::ops::Range;

/// A text, and where its lines begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

/// A place in a text: line and column from 1, the column and the length in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) len: usize,
}

impl<'t> Lines<'t> {
    /// Lines end with LF; the CR of a CRLF belongs to its line and is never reached by a span that means something.
    pub(crate) fn new(text: &'t str) -> Self {
        let after_newlines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_newlines).collect() }
    }

    /// Where `span` begins, and how much of it lies on that line: at least 1, so that there is something to point at.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let line = self.starts.partition_point(|&begin| begin <= start).saturating_sub(1);
        let begin = self.starts[line];
        let end = self.content_end(line);
        let stop = self.text.floor_char_boundary(span.end).clamp(start, end.max(start));
        Place {
            line: line + 1,
            column: self.text[begin..start].chars().count() + 1,
            len: self.text[start..stop].chars().count().max(1),
        }
    }

    /// The byte range that a place covers, clamped to its line: the inverse of [`Lines::place`].
    pub(crate) fn span(&self, place: Place) -> Range<usize> {
        let line = (place.line - 1).min(self.starts.len() - 1);
        let content = &self.text[self.starts[line]..self.content_end(line)];
        let byte_of = |characters: usize| {
            let within = content.char_indices().nth(characters).map_or(content.len(), |(at, _)| at);
            self.starts[line] + within
        };
        byte_of(place.column - 1)..byte_of(place.column - 1 + place.len)
    }

    /// Where the line's text ends, its line ending left out.
    fn content_end(&self, line: usize) -> usize {
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        if self.text[self.starts[line]..end].ends_with('\r') { end - 1 } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Place};

    fn check(text: &str, span: std::ops::Range<usize>, line: usize, column: usize, len: usize) {
        let lines = Lines::new(text);
        let place = lines.place(&span);
        assert_eq!(place, Place { line, column, len }, "{text:?} {span:?}");
    }

    #[test]
    fn columns_count_characters() {
        check("a = 1", 4..5, 1, 5, 1);
        check("é = 1", 5..6, 1, 5, 1);
        check("# 日本\nb = 2", 9..10, 2, 1, 1);
        check("a\r\nb", 3..4, 2, 1, 1);
        check("\tb", 1..2, 1, 2, 1);
    }

    #[test]
    fn a_span_over_lines_is_cut_at_its_first() {
        check("a = [\n1]", 4..8, 1, 5, 1);
        check("a = [\r\n1]", 4..9, 1, 5, 1);
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        check("", 0..0, 1, 1, 1);
        check("a\n", 2..2, 2, 1, 1);
        check("a", 9..12, 1, 2, 1);
    }

    #[test]
    fn a_place_gives_its_span_back() {
        let text = "a = 1\né = \"x\"\r\nc";
        let lines = Lines::new(text);
        for span in [4..5, 6..8, 11..14, 16..17] {
            assert_eq!(lines.span(lines.place(&span)), span);
        }
    }
}
