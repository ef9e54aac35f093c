//! One side of a TCP connection.
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use socket2::SockRef;

use crate::{
    message::{Cut, Message},
    wait::DEADLINE,
};

/// How a connection ended, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The peer ended its side in order: FIN, and over TLS `close_notify` before it.
    Closed,
    /// The peer cut it: RST, or over TLS a FIN without `close_notify`.
    Reset,
}

/// A socket, with what has come over it and was not taken yet.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    /// TLS over it, where there is any.
    pub(crate) tls: Option<Box<rustls::Connection>>,
    /// What came and was not taken.
    pub unread: Vec<u8>,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// Bytes that ever came.
    pub received: usize,
}

impl Wire {
    pub(crate) fn new(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, tls: None, unread: Vec::new(), end: None, received: 0 }
    }

    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(piece) };
        loop {
            match tls.reader().read(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            tls.read_tls(&mut self.socket)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.socket.write_all(bytes) };
        while !bytes.is_empty() {
            let written = tls.writer().write(bytes)?;
            bytes = &bytes[written..];
            while tls.wants_write() {
                tls.write_tls(&mut self.socket)?;
            }
        }
        Ok(())
    }

    /// The socket itself, for its options.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Sends all of it; false when the peer takes no more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        match self.write_all(bytes.as_ref()) {
            Ok(()) => true,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the peer did not read within {DEADLINE:?}")
            }
            Err(_) => false,
        }
    }

    /// Sends as much as the peer takes while it reads nothing: until no byte went for `patience`.
    pub fn send_until_blocked(&mut self, piece: &[u8], patience: Duration) -> usize {
        self.socket.set_write_timeout(Some(patience)).unwrap();
        let mut sent = 0;
        while let Ok(written) = self.socket.write(piece) {
            sent += written;
        }
        self.socket.set_write_timeout(Some(DEADLINE)).unwrap();
        sent
    }

    /// Waits for more; false when the peer's side has ended.
    pub fn fill(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        let mut piece = [0; 16 * 1024];
        match self.read(&mut piece) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(read) => {
                self.unread.extend_from_slice(&piece[..read]);
                self.received += read;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the peer sent nothing within {DEADLINE:?}; before that: {}", self.unread.escape_ascii())
            }
            Err(_) => self.end = Some(End::Reset),
        }
        self.end.is_none()
    }

    /// Whether nothing comes for `patience`: how the absence of something is shown, and the only wait that is timed.
    pub fn stays_silent(&mut self, patience: Duration) -> bool {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let peeked = self.socket.peek(&mut [0]);
        self.socket.set_read_timeout(Some(DEADLINE)).unwrap();
        peeked.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    /// Takes everything that comes until the end.
    pub fn to_end(&mut self) -> (Vec<u8>, End) {
        while self.fill() {}
        (std::mem::take(&mut self.unread), self.end.expect("it has just ended"))
    }

    /// Takes exactly `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<Vec<u8>, Cut> {
        while self.unread.len() < length {
            if !self.fill() {
                return Err(self.cut());
            }
        }
        Ok(self.unread.drain(..length).collect())
    }

    /// Takes up to and with `mark`.
    pub fn take_to(&mut self, mark: &[u8]) -> Result<Vec<u8>, Cut> {
        let mut from = 0;
        loop {
            if let Some(at) = self.unread[from..].windows(mark.len()).position(|window| window == mark) {
                return Ok(self.unread.drain(..from + at + mark.len()).collect());
            }
            from = self.unread.len().saturating_sub(mark.len());
            if !self.fill() {
                return Err(self.cut());
            }
        }
    }

    /// What is left, of a message that did not come whole.
    pub(crate) fn cut(&mut self) -> Cut {
        Cut {
            rest: std::mem::take(&mut self.unread),
            end: self.end.expect("only an ended connection cuts"),
            head: None,
        }
    }

    /// Reads a message's head; its body stays on the wire.
    pub fn head(&mut self) -> Result<Message, Cut> {
        let head = self.take_to(b"\r\n\r\n")?;
        Ok(Message::of_head(&String::from_utf8_lossy(&head)))
    }

    /// Says over TLS that nothing follows, and still reads.
    pub fn close_notify(&mut self) {
        let tls = self.tls.as_mut().expect("a connection of TLS");
        tls.send_close_notify();
        tls.write_tls(&mut self.socket).unwrap();
    }

    /// Ends this side, and still reads.
    pub fn finish(&self) {
        // A peer that has cut the connection has seen its end.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Cuts the connection with a reset.
    pub fn reset(self) {
        SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Makes the kernel hold little of what is not read, so that back-pressure is soon felt.
    pub fn hold_little(&self) {
        SockRef::from(&self.socket).set_recv_buffer_size(4096).unwrap();
        SockRef::from(&self.socket).set_send_buffer_size(4096).unwrap();
    }
}
