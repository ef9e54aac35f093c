//! A WebSocket as a test needs it (RFC 6455): one frame at a time, on a connection whose bytes a test sees.
use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
};

use crate::{client::Client, message::Cut, wire::Wire};

/// What asks for one, behind the request line.
pub const UPGRADE: &str = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n\
                           sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";

/// What grants it.
pub const GRANT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\
                         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The payload of a Close that says 1001: the other side goes away.
pub const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();

/// A frame, alone and whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// 1 text, 2 binary, 8 Close, 9 Ping, 10 Pong.
    pub opcode: u8,
    /// Whether it came from a client.
    pub is_masked: bool,
    /// Without its mask.
    pub payload: Vec<u8>,
}

impl Frame {
    /// One with this text.
    pub fn text(text: &str, is_masked: bool) -> Self {
        Self { opcode: 1, is_masked, payload: text.into() }
    }

    /// A Close with this payload.
    pub fn close(payload: [u8; 2], is_masked: bool) -> Self {
        Self { opcode: 8, is_masked, payload: payload.into() }
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mask = if self.is_masked { 0x80 } else { 0 };
        let mut bytes = vec![0x80 | self.opcode];
        match self.payload.len() {
            short @ 0..126 => bytes.push(mask + u8::try_from(short).expect("it is short")),
            long => {
                bytes.push(mask + 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        let key = if self.is_masked { [7, 3, 250, 1].as_slice() } else { &[] };
        bytes.extend(key);
        bytes.extend(self.payload.iter().enumerate().map(|(at, byte)| byte ^ key.get(at % 4).unwrap_or(&0)));
        bytes
    }
}

impl Wire {
    /// The next frame.
    pub fn frame(&mut self) -> Result<Frame, Cut> {
        let head = self.take(2)?;
        let length = match head[1] & 0x7f {
            126 => self.take(2)?,
            127 => self.take(8)?,
            short => vec![short],
        };
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let key = if head[1] & 0x80 == 0 { vec![0; 4] } else { self.take(4)? };
        let payload = self.take(length)?.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        Ok(Frame { opcode: head[0] & 0x0f, is_masked: head[1] & 0x80 != 0, payload })
    }

    /// Sends every frame back, unmasked, until the peer's side ends; a Close is answered, and ends it as well.
    pub fn echo_frames(&mut self) {
        while let Ok(frame) = self.frame() {
            let is_last = frame.opcode == 8;
            self.send(Frame { is_masked: false, ..frame }.bytes());
            if is_last {
                return;
            }
        }
    }
}

/// A client's WebSocket; what else it can do is the [`Wire`]'s.
#[derive(Debug)]
pub struct WebSocket(Client);

impl WebSocket {
    /// Opens one, which must be granted.
    pub fn open(address: SocketAddr, target: &str) -> Self {
        Self::on(Client::connect(address), target)
    }

    /// Opens one on this connection.
    pub fn on(mut client: Client, target: &str) -> Self {
        client.send_request(&format!("GET {target} HTTP/1.1\r\n{UPGRADE}"));
        let answer = client.head().expect("an answer");
        assert_eq!(answer.status(), 101, "{answer:?}");
        Self(client)
    }

    /// Sends a text, and waits for what comes back.
    pub fn ask(&mut self, text: &str) -> String {
        self.send(Frame::text(text, true).bytes());
        let frame = self.frame().unwrap_or_else(|cut| panic!("{text} is not answered: {cut:?}"));
        String::from_utf8(frame.payload).expect("a text")
    }

    /// Cuts it with a reset.
    pub fn reset(self) {
        Wire::from(self.0).reset();
    }

    /// Waits for a Close that says 1001, and answers it; the connection then ends in order.
    pub fn is_told_to_go(mut self) {
        assert_eq!(self.frame().expect("a frame"), Frame::close(GOING_AWAY, false));
        self.send(Frame::close(GOING_AWAY, true).bytes());
        assert_eq!(self.to_end(), (Vec::new(), crate::wire::End::Closed));
    }
}

impl Deref for WebSocket {
    type Target = Wire;
    fn deref(&self) -> &Wire {
        &self.0
    }
}

impl DerefMut for WebSocket {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.0
    }
}
