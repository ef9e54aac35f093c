//! One client: connect, ask, check the answer.

use std::{
    io::{self, Read, Write},
    sync::Arc,
    time::Instant,
};

use mio::{Registry, Token};
use rustls::ClientConfig;

use super::{Plan, stream::Stream};
use crate::wire::{self, Body, Malformed};

pub(super) struct Connection<'a> {
    plan: &'a Plan,
    stream: Stream,
    asked: Instant,
    /// Which of the work's requests is being sent.
    turn: usize,
    written: usize,
    /// What came of an answer whose head is not complete.
    partial: Vec<u8>,
    answer: Answer,
}

enum Answer {
    Awaited,
    Reading {
        body: Body,
        content: u64,
        close: bool,
    },
    /// Complete after so many nanoseconds; the connection is to be closed by the proxy, and is not yet.
    Closing {
        latency: u64,
    },
}

pub(super) enum Step {
    /// Nothing more to do before the next event.
    Wait,
    /// A right answer, after so many nanoseconds; `reopen` when its connection is over.
    Answered { latency: u64, reopen: bool },
}

/// What can be wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    #[error("the answer is {0}")]
    Malformed(#[from] Malformed),
    #[error("the status is {0}")]
    Status(u16),
    #[error("the status is not 200")]
    NotOk,
    #[error("the handshake was {}", if *.resumed { "resumed, it should have been a full one" } else { "a full one, the session should have been taken up" })]
    Handshake { resumed: bool },
    #[error("the body has {got} bytes, expected {expected}")]
    Length { got: u64, expected: u64 },
    #[error("the connection ended before the answer did")]
    Ended,
    #[error("bytes came that were not asked for")]
    Surplus,
}

impl<'a> Connection<'a> {
    /// Connects and asks.
    pub(super) fn open(
        plan: &'a Plan,
        tls: Option<&Arc<ClientConfig>>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let asked = Instant::now();
        let stream = Stream::connect(plan.address, tls, registry, token)?;
        let turn = token.0 % plan.work.requests.len();
        Ok(Self { plan, stream, asked, turn, written: 0, partial: Vec::new(), answer: Answer::Awaited })
    }

    /// Does all that can be done now. Events come once for each change, so this must not stop early.
    pub(super) fn advance(&mut self, peer_closed: bool, buffer: &mut [u8]) -> Result<Step, Fault> {
        self.write()?;
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return self.ended(),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Step::Wait),
                // Not connected yet: this was the event of the connection that had the place before.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(Step::Wait),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(step) = self.take(&buffer[..read])? {
                return Ok(step);
            }
            // A short read has emptied the socket, unless the end of the stream waits behind it.
            if read < buffer.len() && !peer_closed && self.stream.is_empty_after_short_read() {
                return Ok(Step::Wait);
            }
        }
    }

    /// Sends the next request, after an answer that left the connection open. All connections together take the work's
    /// requests in turn, as far as they are answered in turn. Its time counts from `asked` on.
    pub(super) fn ask_again(&mut self, asked: Instant) -> Result<(), Fault> {
        self.asked = asked;
        self.turn = (self.turn + self.plan.connections) % self.plan.work.requests.len();
        self.written = 0;
        self.write()
    }

    fn write(&mut self) -> Result<(), Fault> {
        let request = &self.plan.work.requests[self.turn];
        while self.written < request.len() {
            match self.stream.write(&request[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::NotConnected => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.stream.flush()?)
    }

    /// Whether each of its requests asks for its end.
    pub(super) fn closes(&self) -> bool {
        self.plan.work.closes
    }

    /// Whether it took up a session of before; `None` without TLS.
    pub(super) fn is_resumed(&self) -> Option<bool> {
        self.stream.is_resumed()
    }

    fn ended(&mut self) -> Result<Step, Fault> {
        match self.answer {
            Answer::Closing { latency } => Ok(Step::Answered { latency, reopen: true }),
            _ => Err(Fault::Ended),
        }
    }

    /// Goes through what was read; a step when that completes an answer on a connection that stays.
    fn take(&mut self, bytes: &[u8]) -> Result<Option<Step>, Fault> {
        if self.partial.is_empty() {
            return self.take_whole(bytes);
        }
        self.partial.extend_from_slice(bytes);
        let whole = std::mem::take(&mut self.partial);
        self.take_whole(&whole)
    }

    fn take_whole(&mut self, mut bytes: &[u8]) -> Result<Option<Step>, Fault> {
        if matches!(self.answer, Answer::Awaited) {
            let Some(head) = wire::response(bytes)? else {
                self.partial.extend_from_slice(bytes);
                return Ok(None);
            };
            if head.status != 200 {
                return Err(Fault::Status(head.status));
            }
            bytes = &bytes[head.length..];
            self.answer = Answer::Reading { body: head.body, content: 0, close: head.close };
        }
        let Answer::Reading { body, content, close } = &mut self.answer else {
            return Err(Fault::Surplus);
        };
        let fed = body.feed(bytes)?;
        *content += fed.content;
        if !body.is_done() {
            return Ok(None);
        }
        if fed.used < bytes.len() {
            return Err(Fault::Surplus);
        }
        let got = *content;
        if let Some(expected) = self.plan.work.answer.filter(|expected| got != *expected) {
            return Err(Fault::Length { got, expected });
        }
        let latency = u64::try_from(self.asked.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if *close || self.plan.work.closes {
            self.answer = Answer::Closing { latency };
            return Ok(None);
        }
        self.answer = Answer::Awaited;
        Ok(Some(Step::Answered { latency, reopen: false }))
    }
}
