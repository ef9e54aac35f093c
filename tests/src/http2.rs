//! A client of HTTP/2 that sends any frames and sees all frames.
mod frame;
mod server;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::{Deref, DerefMut},
};

use crate::{client::Client, message::Message, wire::End};

use frame::Frame;
pub use frame::{error, field_block, frame, kind};
pub use server::{Asked, Http2Conn};

/// What a client of prior knowledge sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection, and what has come for each of its streams; the rest of what it can do is the [`Client`]'s.
pub struct Http2 {
    client: Client,
    decoder: loona_hpack::Decoder<'static>,
    /// By the stream's number.
    pub streams: BTreeMap<u32, Exchange>,
    /// The last stream and the error of each GOAWAY.
    pub goaways: Vec<(u32, u32)>,
    /// The payloads of pings that were answers to ours.
    pub pongs: Vec<[u8; 8]>,
    /// The settings that the server sent.
    pub settings: BTreeMap<u16, u32>,
    /// Bytes that it may be sent on the connection, beyond the 65,535 that it begins with.
    pub window: u64,
    /// Bytes of bodies that were sent.
    sent: u64,
    /// Whether its pings are answered, as they should be.
    pub answers_pings: bool,
}

/// One stream as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The answer; its start is `HTTP/2 200`.
    pub answer: Message,
    /// Interim answers before it.
    pub interim: Vec<Message>,
    /// Bytes that may be sent, beyond the first window.
    pub window: u64,
    /// Whether the server has ended its side.
    pub ended: bool,
    /// The error that it was reset with.
    pub reset: Option<u32>,
}

impl Http2 {
    /// A new connection that takes as much as anybody sends.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(Client::connect(address))
    }

    /// The same, over this connection.
    pub fn over(client: Client) -> Self {
        let mut http2 = Self::with_windows(client, i32::MAX as u32);
        http2.send_frame(kind::WINDOW_UPDATE, 0, 0, (i32::MAX as u32 - 65_535).to_be_bytes());
        http2
    }

    /// One whose streams take so many bytes, and all of them together 65,535.
    pub fn with_windows(client: Client, window: u32) -> Self {
        let mut http2 = Self::silent(client);
        http2.send(PREFACE);
        let settings = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &window.to_be_bytes()].concat();
        http2.send_frame(kind::SETTINGS, 0, 0, settings);
        http2
    }

    /// One that has sent nothing yet.
    pub fn silent(client: Client) -> Self {
        Self {
            client,
            decoder: loona_hpack::Decoder::new(),
            streams: BTreeMap::new(),
            goaways: Vec::new(),
            pongs: Vec::new(),
            settings: BTreeMap::new(),
            window: 0,
            sent: 0,
            answers_pings: true,
        }
    }

    /// Sends one frame; false when the server takes no more.
    pub fn send_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> bool {
        self.client.send(frame(kind, flags, stream, payload.as_ref()))
    }

    /// Begins a stream with exactly these fields; pseudo-fields are among them.
    pub fn send_fields(&mut self, stream: u32, fields: &[(&str, &str)], is_end: bool) -> bool {
        let flags = if is_end { END_HEADERS | END_STREAM } else { END_HEADERS };
        self.send_frame(kind::HEADERS, flags, stream, field_block(fields))
    }

    /// Begins a request with these fields beside what it must have.
    pub fn send_request(&mut self, stream: u32, method: &str, path: &str, more: &[(&str, &str)], is_end: bool) -> bool {
        let must = [(":method", method), (":scheme", "http"), (":authority", "test"), (":path", path)];
        self.send_fields(stream, &[&must, more].concat(), is_end)
    }

    /// Sends a piece of a body.
    pub fn send_data(&mut self, stream: u32, data: impl AsRef<[u8]>, is_end: bool) -> bool {
        self.sent += data.as_ref().len() as u64;
        self.send_frame(kind::DATA, u8::from(is_end), stream, data)
    }

    /// Sends a whole body, as the windows let it through, until the stream is over; how much of it went.
    pub fn send_body(&mut self, stream: u32, body: &[u8]) -> usize {
        self.until("the settings", |client| !client.settings.is_empty());
        let mut sent = 0;
        while sent < body.len() {
            let exchange = self.seen(stream);
            if exchange.ended || exchange.reset.is_some() {
                break;
            }
            let first = u64::from(self.settings.get(&INITIAL_WINDOW_SIZE).copied().unwrap_or(65_535));
            let allowed = (exchange.window + first - sent as u64).min(self.window + 65_535 - self.sent);
            let piece = usize::try_from(allowed).unwrap().min(16 * 1024).min(body.len() - sent);
            if piece == 0 {
                assert!(self.receive(), "the connection ended: GOAWAY {:?}", self.goaways);
                continue;
            }
            self.send_data(stream, &body[sent..sent + piece], sent + piece == body.len());
            sent += piece;
        }
        sent
    }

    /// Resets a stream.
    pub fn send_reset(&mut self, stream: u32, error: u32) -> bool {
        self.send_frame(kind::RST_STREAM, 0, stream, error.to_be_bytes())
    }

    /// `GET path` on this stream, and its answer, which must come whole.
    pub fn get(&mut self, stream: u32, path: &str) -> Message {
        self.send_request(stream, "GET", path, &[], true);
        self.answer(stream)
    }

    /// A stream's answer, which must come whole.
    pub fn answer(&mut self, stream: u32) -> Message {
        let exchange = self.outcome(stream);
        assert!(exchange.ended, "stream {stream} was cut: {exchange:?}, GOAWAY {:?}", self.goaways);
        exchange.answer
    }

    /// What comes for a stream until it is ended, reset, or gone with its connection.
    pub fn outcome(&mut self, stream: u32) -> Exchange {
        let mut is_open = true;
        loop {
            let exchange = self.streams.entry(stream).or_default();
            if exchange.ended || exchange.reset.is_some() || !is_open {
                return exchange.clone();
            }
            is_open = self.receive();
        }
    }

    /// What has come for a stream so far.
    pub fn seen(&self, stream: u32) -> Exchange {
        self.streams.get(&stream).cloned().unwrap_or_default()
    }

    /// Receives until `done`, or panics with `what`.
    pub fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            assert!(self.receive(), "the connection ended before {what}: GOAWAY {:?}", self.goaways);
        }
    }

    /// Receives whatever comes until the connection ends; the errors of its GOAWAYs.
    pub fn to_end(&mut self) -> (Vec<u32>, End) {
        while self.receive() {}
        (self.goaways.iter().map(|&(_, error)| error).collect(), self.end.expect("it has just ended"))
    }

    /// Receives one frame, answers it where that is asked for; false at the connection's end.
    pub fn receive(&mut self) -> bool {
        let Some(frame) = Frame::read(&mut self.client) else { return false };
        let word = |at: usize| u32::from_be_bytes(*frame.payload[at..].first_chunk().unwrap());
        let exchange = self.streams.entry(frame.stream).or_default();
        match frame.kind {
            kind::DATA => exchange.answer.body.extend_from_slice(&frame.payload),
            kind::HEADERS => {
                assert!(frame.has(END_HEADERS), "this client reads heads of one frame");
                let fields = self.decoder.decode(&frame.payload).expect("fields");
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                exchange.take_fields(fields.iter().map(|(name, value)| (text(name), text(value))).collect());
            }
            kind::RST_STREAM => exchange.reset = Some(word(0)),
            kind::SETTINGS if !frame.has(ACK) => {
                for setting in frame.payload.chunks(6) {
                    let name = u16::from_be_bytes([setting[0], setting[1]]);
                    self.settings.insert(name, u32::from_be_bytes(*setting[2..].first_chunk().unwrap()));
                }
                self.send_frame(kind::SETTINGS, ACK, 0, []);
            }
            kind::PING if frame.has(ACK) => self.pongs.push(*frame.payload.first_chunk().unwrap()),
            kind::PING if self.answers_pings => drop(self.send_frame(kind::PING, ACK, 0, &frame.payload)),
            kind::GOAWAY => self.goaways.push((word(0), word(4))),
            kind::WINDOW_UPDATE if frame.stream == 0 => self.window += u64::from(word(0)),
            kind::WINDOW_UPDATE => exchange.window += u64::from(word(0)),
            _ => {}
        }
        if matches!(frame.kind, kind::DATA | kind::HEADERS) && frame.has(END_STREAM) {
            self.streams.get_mut(&frame.stream).expect("just above").ended = true;
        }
        true
    }
}

impl Exchange {
    fn take_fields(&mut self, mut fields: Vec<(String, String)>) {
        if !self.answer.start.is_empty() {
            self.answer.trailers = fields;
            return;
        }
        let (name, status) = fields.remove(0);
        assert_eq!(name, ":status");
        let message = Message { start: format!("HTTP/2 {status}"), fields, ..Message::default() };
        if status.starts_with('1') { self.interim.push(message) } else { self.answer = message }
    }
}

impl Deref for Http2 {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Http2 {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}
