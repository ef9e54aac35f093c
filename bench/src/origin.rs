//! The server behind every proxy: one thread, one epoll loop, answers that are ready before the request comes.
//!
//! `GET /small` answers 100 bytes, `GET /64k` 64 KiB, `POST /upload` reads its body (by length or chunked) and
//! answers 2 bytes, `GET /health` as well; anything else is 404. What is not HTTP/1 ends its connection.

mod answers;
mod connection;

use std::{io, net};

use mio::{Events, Interest, Poll, Token, net::TcpListener};

use socket2::{Domain, Socket, Type};

use connection::{Connection, Next};

pub use answers::{LARGE, OK, SMALL};

const LISTENER: Token = Token(usize::MAX);
const EVENTS: usize = 1024;

/// Room for every proxy's whole pool at once: what does not fit waits a second for its next SYN.
const BACKLOG: i32 = 4096;

/// More than the largest request the load sends, so that one read takes all of it.
const BUFFER: usize = 64 * 1024;

/// A listener with room for a burst of connections.
pub fn listen(address: net::SocketAddr) -> io::Result<net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves `listener` for ever.
pub fn serve(listener: net::TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(EVENTS);
    let mut buffer = vec![0; BUFFER];
    let mut connections = Connections::default();
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                connections.accept(&listener, &poll)?;
            } else {
                connections.ready(event.token(), event.is_read_closed(), &mut buffer);
            }
        }
    }
}

/// Connections by token; the places of closed ones are used again.
#[derive(Default)]
struct Connections {
    open: Vec<Option<Connection>>,
    vacant: Vec<usize>,
}

impl Connections {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client went away before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let place = self.vacant.pop().unwrap_or_else(|| {
                self.open.push(None);
                self.open.len() - 1
            });
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(place), interest)?;
            self.open[place] = Some(Connection::new(stream));
        }
    }

    fn ready(&mut self, token: Token, peer_closed: bool, buffer: &mut [u8]) {
        // An event may be left over from a connection that was closed earlier in the same batch.
        let Some(connection) = self.open.get_mut(token.0).and_then(Option::as_mut) else {
            return;
        };
        match connection.advance(peer_closed, buffer) {
            Ok(Next::Wait) => {}
            // Whatever went wrong, the proxy sees it as the end of its connection, and the load counts it.
            Ok(Next::Close) | Err(_) => {
                self.open[token.0] = None;
                self.vacant.push(token.0);
            }
        }
    }
}

#[cfg(test)]
mod tests;
