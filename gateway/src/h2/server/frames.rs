//! A look at the heads of the frames that come in (RFC 9113 §4.1), for what `h2` does not tell or bound: whether a
//! request's head is late, and whether a client sends what costs it nothing and us work.
use std::time::Instant;

/// The client's preface (RFC 9113 §3.4), before the first frame.
const PREFACE: usize = 24;
/// Bytes of a frame's head.
const HEAD: usize = 9;
/// Frames about the connection that may come at once, beyond those that requests and answers pay for.
const BURST: u32 = 2_000;
/// And how many more in each second.
const PER_SECOND: u64 = 200;
/// What a request pays for: its priority, its windows, its reset.
const PER_REQUEST: u32 = 8;
/// Bytes of answers that pay for one: a client that reads gives its windows back.
const BYTES_WRITTEN: usize = 256;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// How far the frames have come, and what the client has left of its allowance.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes that belong to no head: of the preface, of a payload.
    to_skip: usize,
    head: [u8; HEAD],
    /// How much of it is here.
    filled: usize,
    /// Whether what is skipped is of a request's fields.
    is_in_fields: bool,
    /// Whether more of the fields is to come in other frames.
    is_open: bool,
    /// Field sections that have begun.
    begun: u64,
    allowance: u32,
    refilled: Instant,
    is_flood: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            to_skip: PREFACE,
            head: [0; HEAD],
            filled: 0,
            is_in_fields: false,
            is_open: false,
            begun: 0,
            allowance: BURST,
            refilled: Instant::now(),
            is_flood: false,
        }
    }
}

impl Frames {
    /// Looks at what came.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.to_skip > 0 {
                let skipped = self.to_skip.min(bytes.len());
                self.to_skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let taken = (HEAD - self.filled).min(bytes.len());
            self.head[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEAD {
                self.filled = 0;
                self.begin();
            }
        }
    }

    /// Notes what was written: a client that takes much may say much of its windows.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.earn(u32::try_from(bytes / BYTES_WRITTEN).unwrap_or(BURST));
    }

    /// The number of a request's head that has begun and is not here as a whole.
    pub(super) fn late_head(&self) -> Option<u64> {
        (self.is_open || (self.is_in_fields && self.to_skip > 0)).then_some(self.begun)
    }

    /// Whether the client has sent more about the connection than anybody needs to.
    pub(super) fn is_flood(&self) -> bool {
        self.is_flood
    }

    /// A frame's head is whole.
    fn begin(&mut self) {
        let [a, b, c, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, a, b, c]);
        self.to_skip = length as usize;
        self.is_in_fields = matches!(kind, HEADERS | CONTINUATION);
        match kind {
            HEADERS => {
                self.begun += 1;
                self.is_open = flags & END_HEADERS == 0;
                self.earn(PER_REQUEST);
            }
            DATA if length > 0 || flags & END_STREAM != 0 => {}
            _ => {
                if kind == CONTINUATION {
                    self.is_open = flags & END_HEADERS == 0;
                }
                self.spend();
            }
        }
    }

    fn earn(&mut self, frames: u32) {
        self.allowance = self.allowance.saturating_add(frames).min(BURST);
    }

    fn spend(&mut self) {
        if self.allowance == 0 {
            // Only here is the clock read.
            let now = Instant::now();
            let earned = now.duration_since(self.refilled).as_secs().saturating_mul(PER_SECOND);
            if earned > 0 {
                self.refilled = now;
                self.earn(u32::try_from(earned).unwrap_or(BURST));
            }
        }
        match self.allowance.checked_sub(1) {
            Some(left) => self.allowance = left,
            None => self.is_flood = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        frame.resize(HEAD + payload, 0xff);
        frame
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let whole = [
            vec![0xff; PREFACE],
            frame(4, 0, 12),
            frame(HEADERS, 0, 30),
            frame(CONTINUATION, END_HEADERS, 5),
            frame(DATA, 0, 3000),
            frame(HEADERS, END_HEADERS, 7),
        ]
        .concat();
        for step in [1, 2, 8, 9, 10, 100, 5000] {
            let mut frames = Frames::default();
            whole.chunks(step).for_each(|piece| frames.read(piece));
            assert_eq!((frames.begun, frames.late_head(), frames.to_skip, frames.filled), (2, None, 0, 0), "{step}");
        }
    }

    #[test]
    fn a_head_is_late_until_its_last_byte() {
        let mut frames = Frames::default();
        frames.read(&[0; PREFACE]);
        let head = [frame(HEADERS, 0, 4), frame(CONTINUATION, END_HEADERS, 4)].concat();
        for (at, byte) in head.iter().enumerate() {
            assert_eq!(frames.late_head(), (at >= HEAD).then_some(1), "{at}");
            frames.read(&[*byte]);
        }
        assert_eq!(frames.late_head(), None);
        frames.read(&frame(DATA, 0, 100)[..50]);
        assert_eq!(frames.late_head(), None);
    }

    #[test]
    fn what_costs_a_client_nothing_is_allowed_so_often() {
        let check = |kind: u8, flags: u8, payload: usize, is_flood: bool| {
            let mut frames = Frames::default();
            frames.read(&[0; PREFACE]);
            for _ in 0..=BURST {
                frames.read(&frame(kind, flags, payload));
            }
            assert_eq!(frames.is_flood(), is_flood, "{kind} {flags}");
        };
        let (priority, reset, settings, ping, window_update, unknown) = (2, 3, 4, 6, 8, 77);
        for (kind, flags) in
            [(settings, 0), (settings, 1), (ping, 0), (ping, 1), (priority, 0), (reset, 0), (unknown, 0)]
        {
            check(kind, flags, 8, true);
        }
        check(window_update, 0, 4, true);
        check(CONTINUATION, 0, 0, true);
        check(DATA, 0, 0, true);
        check(DATA, END_STREAM, 0, false);
        check(DATA, 0, 1, false);
        check(HEADERS, END_HEADERS, 8, false);
    }

    #[test]
    fn requests_and_answers_pay_for_more() {
        let mut frames = Frames::default();
        frames.read(&[0; PREFACE]);
        for _ in 0..BURST {
            frames.read(&frame(HEADERS, END_HEADERS, 8));
            (0..PER_REQUEST).for_each(|_| frames.read(&frame(8, 0, 4)));
            frames.wrote(16 * 1024);
            (0..16 * 1024 / BYTES_WRITTEN).for_each(|_| frames.read(&frame(8, 0, 4)));
        }
        assert!(!frames.is_flood());
    }
}
