//! An upstream's side of HTTP/2: it sees all frames, and sends what its script says.
use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::frame::{Frame, field_block, frame, kind};
use super::{ACK, END_HEADERS, END_STREAM, INITIAL_WINDOW_SIZE, PREFACE};
use crate::{message::Message, upstream::Conn, upstream::Upstream};

/// A connection of the gateway to the upstream.
pub struct Http2Conn<'c> {
    conn: &'c mut Conn,
    decoder: loona_hpack::Decoder<'static>,
    /// The requests that have come so far, by their stream.
    pub requests: BTreeMap<u32, Asked>,
    /// The errors that streams were reset with.
    pub resets: BTreeMap<u32, u32>,
    /// The errors of the gateway's GOAWAYs.
    pub goaways: Vec<u32>,
    /// The settings that it sent.
    pub settings: BTreeMap<u16, u32>,
    /// Pings of its own.
    pub pings: usize,
    /// Whether they are answered, as they should be.
    pub answers_pings: bool,
    /// Whether it may always send more.
    pub gives_windows: bool,
    /// Bytes that may be sent on each stream, and on 0 for all, beyond the first windows.
    windows: BTreeMap<u32, u64>,
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its start is `POST /path HTTP/2`; pseudo-fields are among its fields.
    pub message: Message,
    /// Whether it is whole.
    pub ended: bool,
}

impl Upstream {
    /// Lets `script` serve each connection of HTTP/2, whose settings have these values, on a thread of its own.
    pub fn http2(settings: &'static [(u16, u32)], script: impl Fn(&mut Http2Conn<'_>) + Send + Sync + 'static) -> Self {
        Self::scripted(move |conn| {
            if let Some(mut conn) = Http2Conn::accept(conn, settings) {
                script(&mut conn);
            }
        })
    }

    /// The same over TLS.
    pub fn http2_tls(
        config: Arc<rustls::ServerConfig>,
        script: impl Fn(&mut Http2Conn<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self::scripted(move |conn| {
            if conn.accept_tls(&config)
                && let Some(mut conn) = Http2Conn::accept(conn, &[])
            {
                script(&mut conn);
            }
        })
    }

    /// Answers every request of HTTP/2 with 200 and this body.
    pub fn http2_answering(answer: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::http2(&[], move |conn| conn.answer_all(&answer))
    }
}

impl<'c> Http2Conn<'c> {
    fn accept(conn: &'c mut Conn, settings: &[(u16, u32)]) -> Option<Self> {
        let preface = conn.take(PREFACE.len()).ok()?;
        assert_eq!(preface, PREFACE);
        let mut conn = Self {
            conn,
            decoder: loona_hpack::Decoder::new(),
            requests: BTreeMap::new(),
            resets: BTreeMap::new(),
            goaways: Vec::new(),
            settings: BTreeMap::new(),
            pings: 0,
            answers_pings: true,
            gives_windows: true,
            windows: BTreeMap::new(),
        };
        conn.send_settings(settings);
        Some(conn)
    }

    /// Answers every request with 200 and what `answer` makes of it.
    pub fn answer_all(&mut self, answer: impl Fn(&Message) -> Vec<u8>) {
        while let Some((stream, request)) = self.request() {
            self.send_fields(stream, &[(":status", "200")], false);
            let body = answer(&request);
            if body.is_empty() {
                self.send_data(stream, [], true);
            }
            self.send_body(stream, &body);
        }
    }

    /// Sends settings.
    pub fn send_settings(&mut self, settings: &[(u16, u32)]) {
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        self.send_frame(kind::SETTINGS, 0, 0, payload);
    }

    /// Sends one frame; false when the gateway takes no more.
    pub fn send_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> bool {
        self.conn.send(frame(kind, flags, stream, payload.as_ref()))
    }

    /// Sends a field section: a head, with its `:status` first, or trailers.
    pub fn send_fields(&mut self, stream: u32, fields: &[(&str, &str)], is_end: bool) -> bool {
        let flags = if is_end { END_HEADERS | END_STREAM } else { END_HEADERS };
        self.send_frame(kind::HEADERS, flags, stream, field_block(fields))
    }

    /// Sends a piece of a body, in frames of 16 KiB.
    pub fn send_data(&mut self, stream: u32, data: impl AsRef<[u8]>, is_end: bool) -> bool {
        let pieces: Vec<&[u8]> = data.as_ref().chunks(16 * 1024).collect();
        let Some((last, others)) = pieces.split_last() else {
            return self.send_frame(kind::DATA, u8::from(is_end), stream, []);
        };
        others.iter().all(|piece| self.send_frame(kind::DATA, 0, stream, piece))
            && self.send_frame(kind::DATA, u8::from(is_end), stream, last)
    }

    /// A whole answer of at most a few KiB, which heeds no window.
    pub fn respond(&mut self, stream: u32, status: &str, fields: &[(&str, &str)], body: impl AsRef<[u8]>) {
        self.send_fields(stream, &[&[(":status", status)], fields].concat(), false);
        self.send_data(stream, body, true);
    }

    /// Sends a body as its stream's window lets it through, which must be its first use; whether all of it went.
    pub fn send_body(&mut self, stream: u32, body: &[u8]) -> bool {
        self.until(|conn| !conn.settings.is_empty());
        let first = u64::from(self.settings.get(&INITIAL_WINDOW_SIZE).copied().unwrap_or(65_535));
        let mut sent = 0;
        while sent < body.len() {
            let allowed = first + self.windows.get(&stream).copied().unwrap_or(0) - sent as u64;
            let piece = usize::try_from(allowed).unwrap().min(16 * 1024).min(body.len() - sent);
            if piece == 0 {
                if self.resets.contains_key(&stream) || !self.receive() {
                    return false;
                }
                continue;
            }
            sent += piece;
            self.send_data(stream, &body[sent - piece..sent], sent == body.len());
        }
        true
    }

    /// Bytes that may be sent on this stream, or on 0 for all, beyond the first window.
    pub fn window(&self, stream: u32) -> u64 {
        self.windows.get(&stream).copied().unwrap_or(0)
    }

    /// Resets a stream.
    pub fn send_reset(&mut self, stream: u32, error: u32) {
        self.send_frame(kind::RST_STREAM, 0, stream, error.to_be_bytes());
    }

    /// Says that no stream after `last` was seen.
    pub fn send_goaway(&mut self, last: u32, error: u32) {
        self.send_frame(kind::GOAWAY, 0, 0, [last.to_be_bytes(), error.to_be_bytes()].concat());
    }

    /// The next request that has come whole, which is recorded and forgotten here; `None` at the connection's end.
    pub fn request(&mut self) -> Option<(u32, Message)> {
        loop {
            let whole = self.requests.iter().find(|(_, asked)| asked.ended).map(|(&stream, _)| stream);
            if let Some(stream) = whole {
                let message = self.requests.remove(&stream)?.message;
                self.conn.record(&message);
                return Some((stream, message));
            }
            if !self.receive() {
                return None;
            }
        }
    }

    /// The stream of the next request whose head has come beyond those known; `None` at the connection's end.
    pub fn head(&mut self) -> Option<u32> {
        let known = self.requests.keys().next_back().copied().unwrap_or(0);
        self.until(|conn| conn.requests.keys().next_back().is_some_and(|&stream| stream > known))
            .then(|| *self.requests.keys().next_back().unwrap())
    }

    /// Receives until `done`; false when the connection ended before.
    pub fn until(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        while !done(self) {
            if !self.receive() {
                return false;
            }
        }
        true
    }

    /// Receives one frame, and answers it where that is asked for; false at the connection's end.
    pub fn receive(&mut self) -> bool {
        let Some(frame) = Frame::read(self.conn) else { return false };
        let word = |at: usize| u32::from_be_bytes(*frame.payload[at..].first_chunk().unwrap());
        match frame.kind {
            kind::HEADERS => self.take_fields(&frame),
            kind::DATA => {
                let length = u32::try_from(frame.payload.len()).unwrap();
                if length > 0 && self.gives_windows {
                    self.send_frame(kind::WINDOW_UPDATE, 0, 0, length.to_be_bytes());
                    self.send_frame(kind::WINDOW_UPDATE, 0, frame.stream, length.to_be_bytes());
                }
                let asked = self.requests.entry(frame.stream).or_default();
                asked.message.body.extend_from_slice(&frame.payload);
                asked.ended |= frame.has(END_STREAM);
            }
            kind::RST_STREAM => drop(self.resets.insert(frame.stream, word(0))),
            kind::SETTINGS if !frame.has(ACK) => {
                for setting in frame.payload.chunks(6) {
                    let name = u16::from_be_bytes([setting[0], setting[1]]);
                    self.settings.insert(name, u32::from_be_bytes(*setting[2..].first_chunk().unwrap()));
                }
                self.send_frame(kind::SETTINGS, ACK, 0, []);
            }
            kind::PING if !frame.has(ACK) => {
                self.pings += 1;
                if self.answers_pings {
                    self.send_frame(kind::PING, ACK, 0, &frame.payload);
                }
            }
            kind::WINDOW_UPDATE => *self.windows.entry(frame.stream).or_default() += u64::from(word(0)),
            kind::GOAWAY => self.goaways.push(word(4)),
            _ => {}
        }
        true
    }

    fn take_fields(&mut self, frame: &Frame) {
        assert!(frame.has(END_HEADERS), "this server reads heads of one frame");
        let fields = self.decoder.decode(&frame.payload).expect("fields");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (text(name), text(value))).collect();
        let asked = self.requests.entry(frame.stream).or_default();
        asked.ended |= frame.has(END_STREAM);
        if !asked.message.start.is_empty() {
            asked.message.trailers = fields;
            return;
        }
        asked.message.fields = fields;
        let pseudo = |name| asked.message.field(name).unwrap_or_default().to_owned();
        asked.message.start = format!("{} {} HTTP/2", pseudo(":method"), pseudo(":path"));
    }
}

impl Deref for Http2Conn<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Http2Conn<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
