//! Where one frame ends and the next begins (RFC 6455 §5.2).

/// The longest head of a frame: two bytes, a length of eight, a mask of four.
const MAX_HEAD: usize = 14;
const MASKED: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 0x8;

/// The frames of one direction, followed by their heads alone.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; MAX_HEAD],
    /// Bytes of the head that have come.
    have: usize,
    /// Bytes of the payload that are still to come.
    payload: u64,
    saw_close: bool,
    is_lost: bool,
}

impl Frames {
    /// Follows `bytes`, all of them or up to the end of the first frame that ends in them; how many that were.
    pub(super) fn follow(&mut self, bytes: &[u8], to_a_boundary: bool) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_lost {
            if self.payload > 0 {
                let skip = usize::try_from(self.payload).unwrap_or(usize::MAX).min(rest.len());
                self.payload -= skip as u64;
                rest = &rest[skip..];
            } else {
                let taken = (self.head_length() - self.have).min(rest.len());
                self.head[self.have..self.have + taken].copy_from_slice(&rest[..taken]);
                self.have += taken;
                rest = &rest[taken..];
                if self.have == self.head_length() {
                    self.begin();
                }
            }
            if to_a_boundary && self.is_between() {
                return bytes.len() - rest.len();
            }
        }
        bytes.len()
    }

    /// Whether a frame could begin here.
    pub(super) fn is_between(&self) -> bool {
        self.have == 0 && self.payload == 0 && !self.is_lost
    }

    /// Whether a Close has begun: nothing may follow it.
    pub(super) fn saw_close(&self) -> bool {
        self.saw_close
    }

    /// Whether what came are no frames.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// How long the head is, as far as that is known.
    fn head_length(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let length = match self.head[1] & !MASKED {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if self.head[1] & MASKED == 0 { 0 } else { 4 }
    }

    /// The head is whole.
    fn begin(&mut self) {
        let [_, _, length @ ..] = &self.head;
        self.payload = match self.head[1] & !MASKED {
            126 => u64::from(u16::from_be_bytes([length[0], length[1]])),
            127 => length.first_chunk().map_or(0, |length| u64::from_be_bytes(*length)),
            short => short.into(),
        };
        // The most significant bit must be 0.
        self.is_lost = self.payload > i64::MAX as u64;
        self.saw_close |= self.head[0] & OPCODE == CLOSE;
        self.have = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame of this opcode and payload.
    fn frame(opcode: u8, length: usize, is_masked: bool) -> Vec<u8> {
        let mask = if is_masked { MASKED } else { 0 };
        let mut frame = vec![0x80 | opcode];
        match length {
            0..126 => frame.push(mask + u8::try_from(length).unwrap()),
            126..0x10000 => {
                frame.push(mask + 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask + 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![0x88; if is_masked { 4 } else { 0 } + length]);
        frame
    }

    proptest! {
        /// However the bytes come, the boundaries are where the frames end, and only a Close is one.
        #[test]
        fn boundaries_are_where_frames_end(
            frames in prop::collection::vec((0u8..8, prop_oneof![0usize..200, 65_000..66_000usize], any::<bool>()), 1..8),
            step in 1usize..5000,
        ) {
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for (opcode, length, is_masked) in frames {
                bytes.extend(frame(opcode, length, is_masked));
                ends.push(bytes.len());
            }
            let (mut seen, mut at, mut found) = (Frames::default(), 0, Vec::new());
            while at < bytes.len() {
                at += seen.follow(&bytes[at..bytes.len().min(at + step)], true);
                if seen.is_between() {
                    found.push(at);
                }
            }
            prop_assert_eq!(found, ends);
            prop_assert!(!seen.saw_close() && !seen.is_lost());
            seen.follow(&frame(CLOSE, 2, true), false);
            prop_assert!(seen.saw_close() && seen.is_between());
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_no_frame() {
        let mut frames = Frames::default();
        let bytes = [&[0x82, 127, 0x80], [0; 20].as_slice()].concat();
        assert_eq!(frames.follow(&bytes, true), bytes.len());
        assert!(frames.is_lost() && !frames.is_between());
    }
}
