//! A client that sends any bytes and sees all bytes.
use std::{
    io,
    net::{SocketAddr, TcpStream},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use rustls::pki_types::ServerName;

use crate::{
    message::{Cut, Message},
    wait::DEADLINE,
    wire::Wire,
};

/// One connection to the gateway; what it can do is the [`Wire`]'s.
#[derive(Debug)]
pub struct Client(Wire);

impl Client {
    /// A new connection.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("the gateway accepts")
    }

    /// A new connection, if somebody listens.
    pub fn try_connect(address: SocketAddr) -> Option<Self> {
        TcpStream::connect_timeout(&address, DEADLINE).ok().map(|socket| Self(Wire::new(socket)))
    }

    /// A new connection of TLS, by a client that is `tls`, for this server name; the handshake is done, or why not.
    pub fn tls(address: SocketAddr, tls: &Arc<rustls::ClientConfig>, name: &'static str) -> io::Result<Self> {
        Self::connect(address).over_tls(tls, name)
    }

    /// The same connection, after a handshake over it.
    pub fn over_tls(mut self, tls: &Arc<rustls::ClientConfig>, name: &'static str) -> io::Result<Self> {
        let name = ServerName::try_from(name).unwrap();
        let mut session = rustls::ClientConnection::new(Arc::clone(tls), name).unwrap();
        let mut socket = self.socket();
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        self.tls = Some(Box::new(session.into()));
        Ok(self)
    }

    /// How the handshake went.
    pub fn session(&self) -> &rustls::Connection {
        self.tls.as_ref().expect("a connection of TLS")
    }

    /// Sends a request head without a body, or with one that is already in `lines` behind an empty line:
    /// `"GET / HTTP/1.1\r\nx-a: 1"`. `Host` is added where there is none.
    pub fn send_request(&mut self, lines: &str) -> bool {
        let host = if lines.to_ascii_lowercase().contains("\r\nhost:") { "" } else { "\r\nhost: test" };
        self.send(format!("{lines}{host}\r\n\r\n"))
    }

    /// Asks, and waits for the whole answer, which must come.
    pub fn ask(&mut self, lines: &str) -> Message {
        self.try_ask(lines).unwrap_or_else(|cut| panic!("{lines:?} was cut: {cut:?}"))
    }

    /// Asks, and waits for the answer or the end of the connection.
    pub fn try_ask(&mut self, lines: &str) -> Result<Message, Cut> {
        self.send_request(lines);
        self.answer_to(lines.split(' ').next().unwrap_or_default())
    }

    /// `GET target`.
    pub fn get(&mut self, target: &str) -> Message {
        self.ask(&format!("GET {target} HTTP/1.1"))
    }

    /// `POST target` with a body of a declared length.
    pub fn post(&mut self, target: &str, body: &[u8]) -> Message {
        let head = format!("POST {target} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n", body.len());
        self.send(head);
        self.send(body);
        self.answer_to("POST").unwrap_or_else(|cut| panic!("POST {target} was cut: {cut:?}"))
    }
}

impl Deref for Client {
    type Target = Wire;
    fn deref(&self) -> &Wire {
        &self.0
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.0
    }
}

impl From<Client> for Wire {
    fn from(client: Client) -> Self {
        client.0
    }
}
