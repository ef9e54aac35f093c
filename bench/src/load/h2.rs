//! One client of HTTP/2: a connection with many requests at once.

use std::{
    io::{self, Read, Write},
    sync::Arc,
    time::Instant,
};

use mio::{Registry, Token};
use rustls::ClientConfig;

use super::{Plan, connection::Fault, stream::Stream};
use crate::wire::h2::{self, Frame, PREFACE, Requests, SETTINGS_ACK};

/// Requests of one connection that are under way at once.
pub const STREAMS: usize = 16;

/// The connection's window is given back in pieces of this size.
const WINDOW: u32 = 1 << 29;

pub(super) struct H2<'a> {
    plan: &'a Plan,
    stream: Stream,
    authority: String,
    requests: Requests,
    open: Vec<Open>,
    /// What is to be written.
    out: Vec<u8>,
    /// What came of a frame that is not complete.
    partial: Vec<u8>,
    /// Bytes of content since the window was given back.
    consumed: u32,
}

/// A request under way.
struct Open {
    stream: u32,
    asked: Instant,
    content: u64,
}

impl<'a> H2<'a> {
    /// Connects and asks.
    pub(super) fn open(
        plan: &'a Plan,
        tls: Option<&Arc<ClientConfig>>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut client = Self {
            plan,
            stream: Stream::connect(plan.address, tls, registry, token)?,
            authority: plan.address.to_string(),
            requests: Requests::default(),
            open: Vec::with_capacity(STREAMS),
            out: PREFACE.to_vec(),
            partial: Vec::new(),
            consumed: 0,
        };
        (0..STREAMS).for_each(|_| client.ask());
        Ok(client)
    }

    fn ask(&mut self) {
        let stream = self.requests.write("/small", &self.authority, &mut self.out);
        self.open.push(Open { stream, asked: Instant::now(), content: 0 });
    }

    /// Does all that can be done now; each right answer adds its nanoseconds to `answered`, and is followed by another
    /// request.
    pub(super) fn advance(&mut self, buffer: &mut [u8], answered: &mut Vec<u64>) -> Result<(), Fault> {
        loop {
            self.write()?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(Fault::Ended),
                Ok(read) => self.take(&buffer[..read], answered)?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => {
                    return self.write();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&mut self) -> Result<(), Fault> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.stream.flush()?)
    }

    fn take(&mut self, bytes: &[u8], answered: &mut Vec<u64>) -> Result<(), Fault> {
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        let mut rest = &*whole;
        while let Some(received) = h2::frame(rest)? {
            rest = &rest[received.length..];
            match received.frame {
                Frame::Settings => self.out.extend_from_slice(SETTINGS_ACK),
                Frame::Ping(bytes) => h2::pong(bytes, &mut self.out),
                Frame::Refused => return Err(Fault::Ended),
                Frame::Head { is_ok: false } => return Err(Fault::NotOk),
                Frame::Head { is_ok: true } | Frame::Data(_) | Frame::Other => {}
            }
            if let Frame::Data(length) = received.frame {
                self.consume(received.stream, length)?;
            }
            if received.is_last {
                answered.push(self.end(received.stream)?);
                self.ask();
            }
        }
        self.partial = rest.to_vec();
        Ok(())
    }

    fn consume(&mut self, stream: u32, length: u64) -> Result<(), Fault> {
        let open = self.open.iter_mut().find(|open| open.stream == stream).ok_or(Fault::Surplus)?;
        open.content += length;
        self.consumed = self.consumed.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        if self.consumed >= WINDOW {
            h2::window(self.consumed, &mut self.out);
            self.consumed = 0;
        }
        Ok(())
    }

    fn end(&mut self, stream: u32) -> Result<u64, Fault> {
        let place = self.open.iter().position(|open| open.stream == stream).ok_or(Fault::Surplus)?;
        let open = self.open.swap_remove(place);
        if let Some(expected) = self.plan.work.answer.filter(|expected| open.content != *expected) {
            return Err(Fault::Length { got: open.content, expected });
        }
        Ok(u64::try_from(open.asked.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
