//! Clients that take their time: half of them send a head byte by byte, which never ends, half read a long answer in
//! small pieces. They are not measured; they are there.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket, Type};

/// Between two bytes of one client, or two of its reads.
const PAUSE: Duration = Duration::from_millis(200);

/// What a slow reader takes at once, and what its socket holds at most: the rest waits in the proxy.
const PIECE: usize = 1024;
const RECEIVE_BUFFER: usize = 4096;

/// How the head of a slow sender begins; it goes on with one letter after the other.
const HEAD: &[u8] = b"GET /small HTTP/1.1\r\nHost: slow\r\nX-Slow: ";

/// All of them, each with its turn in every [`PAUSE`].
pub(super) struct Slow {
    address: SocketAddr,
    clients: Vec<Client>,
    turn: usize,
    begun: Instant,
    turns: u64,
}

struct Client {
    socket: TcpStream,
    sent: usize,
    reads: bool,
}

impl Slow {
    /// So many of them, connected to `address`.
    pub(super) fn connect(address: SocketAddr, count: usize) -> io::Result<Self> {
        let clients = (0..count).map(|place| Client::connect(address, place % 2 == 0)).collect::<Result<_, _>>()?;
        Ok(Self { address, clients, turn: 0, begun: Instant::now(), turns: 0 })
    }

    /// Lets those go on whose turn has come.
    pub(super) fn advance(&mut self, now: Instant) -> io::Result<()> {
        let count = self.clients.len() as u64;
        if count == 0 {
            return Ok(());
        }
        let elapsed = u64::try_from((now - self.begun).as_micros()).unwrap_or(u64::MAX);
        let due = elapsed.saturating_mul(count) / u64::try_from(PAUSE.as_micros()).unwrap_or(u64::MAX);
        // After a long stop they do not all come at once a second time.
        for _ in 0..(due - self.turns).min(count) {
            let client = &mut self.clients[self.turn];
            if client.advance().is_err() {
                *client = Client::connect(self.address, client.reads)?;
            }
            self.turn = (self.turn + 1) % self.clients.len();
        }
        self.turns = due;
        Ok(())
    }
}

impl Client {
    fn connect(address: SocketAddr, reads: bool) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if reads {
            // Before the connection, since it is told to the other side with it.
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        }
        socket.connect(&address.into())?;
        let socket = TcpStream::from(socket);
        socket.set_nodelay(true)?;
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        if reads {
            (&socket).write_all(b"GET /64k HTTP/1.1\r\nHost: slow\r\n\r\n")?;
        }
        socket.set_nonblocking(true)?;
        Ok(Self { socket, sent: 0, reads })
    }

    /// One byte, or one small read; an error is the end of the connection.
    fn advance(&mut self) -> io::Result<()> {
        let done = if self.reads {
            match self.socket.read(&mut [0; PIECE]) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                other => other,
            }
        } else {
            let byte = HEAD.get(self.sent).copied().unwrap_or(b'a');
            self.sent += 1;
            self.socket.write(&[byte])
        };
        match done {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}
