//! Where a head ends, found while it arrives.

/// How far a head has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    seen: usize,
    /// Lines that have ended, a message's first among them.
    pub(super) lines: usize,
}

/// Why a head is refused before it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanFault {
    /// A line feed without its carriage return.
    BareLineFeed,
    /// More lines than fields are allowed.
    TooManyLines,
    /// More bytes than are allowed.
    TooLong,
}

impl Scan {
    /// One of fields alone, after a first line that was taken already.
    pub(super) fn of_fields() -> Self {
        Self { seen: 0, lines: 1 }
    }

    /// The length of the head at the front of `buffer`, its empty line included, once that is there.
    pub(crate) fn find_end(&mut self, buffer: &[u8], max: usize, max_lines: usize) -> Result<Option<usize>, ScanFault> {
        while let Some(at) = memchr::memchr(b'\n', &buffer[self.seen..]) {
            let line_feed = self.seen + at;
            if line_feed == 0 || buffer[line_feed - 1] != b'\r' {
                return Err(ScanFault::BareLineFeed);
            }
            let empty_line = line_feed == self.seen + 1;
            self.seen = line_feed + 1;
            if self.seen > max {
                return Err(ScanFault::TooLong);
            }
            if empty_line && self.lines > 0 {
                return Ok(Some(self.seen));
            }
            self.lines += 1;
            if self.lines > max_lines + 1 {
                return Err(ScanFault::TooManyLines);
            }
        }
        // The last byte stays unseen when it could be the CR of an empty line's start; a line is looked for again from
        // its own start, which costs nothing in a head that arrives whole.
        if buffer.len() > max { Err(ScanFault::TooLong) } else { Ok(None) }
    }
}

/// Whether some line of `bytes` ends without CR.
pub(crate) fn has_bare_line_feed(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes[at - 1] != b'\r')
}
