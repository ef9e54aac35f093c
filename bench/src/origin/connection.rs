//! One connection of the origin: request, answer, request, …

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use super::answers;
use crate::wire::{self, Body, Malformed};

pub(super) struct Connection {
    stream: TcpStream,
    /// What came of a request whose head is not complete, or behind one that is being answered.
    received: Vec<u8>,
    /// The request whose body is being read.
    reading: Option<Reading>,
    /// What is left of an answer that the socket did not take at once.
    unsent: &'static [u8],
    close: bool,
}

struct Reading {
    body: Body,
    answer: &'static [u8],
}

pub(super) enum Next {
    Wait,
    Close,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, received: Vec::new(), reading: None, unsent: &[], close: false }
    }

    /// Does all that can be done now. Events come once for each change, so this must not stop early.
    pub(super) fn advance(&mut self, peer_closed: bool, buffer: &mut [u8]) -> io::Result<Next> {
        loop {
            if !self.flush()? {
                return Ok(Next::Wait);
            }
            if self.close {
                return Ok(Next::Close);
            }
            if !self.received.is_empty() {
                let received = std::mem::take(&mut self.received);
                let before = received.len();
                self.take(&received).map_err(io::Error::other)?;
                if !self.unsent.is_empty() || self.received.len() < before {
                    continue;
                }
            }
            match self.stream.read(buffer) {
                Ok(0) => return Ok(Next::Close),
                Ok(read) => {
                    if self.received.is_empty() {
                        self.take(&buffer[..read]).map_err(io::Error::other)?;
                    } else {
                        self.received.extend_from_slice(&buffer[..read]);
                    }
                    // A short read has emptied the socket, unless the end of the stream waits behind it.
                    let emptied = read < buffer.len() && !peer_closed;
                    if emptied && self.received.is_empty() && self.flush()? && !self.close {
                        return Ok(Next::Wait);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Goes through bytes until they are used up or an answer is due, and keeps the rest.
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while !bytes.is_empty() && self.unsent.is_empty() {
            let Some(reading) = &mut self.reading else {
                let Some(head) = wire::request(bytes)? else {
                    break;
                };
                self.close |= head.close;
                let answer = answers::to(head.method, head.target);
                bytes = &bytes[head.length..];
                if head.body.is_done() {
                    self.unsent = answer;
                } else {
                    self.reading = Some(Reading { body: head.body, answer });
                }
                continue;
            };
            let fed = reading.body.feed(bytes)?;
            bytes = &bytes[fed.used..];
            if reading.body.is_done() {
                self.unsent = reading.answer;
                self.reading = None;
            }
        }
        self.received.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is unsent; false when the socket is full.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match self.stream.write(self.unsent) {
                Ok(written) => self.unsent = &self.unsent[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
