//! Sockets that were open before this process began: its predecessor's, or those that systemd has opened for it
//! (`sd_listen_fds(3)`).
use std::{
    env, io,
    net::{SocketAddr, TcpListener},
    os::fd::AsFd,
};

use listenfd::ListenFd;

use super::handover::{Handed, Message, Purpose, VARIABLE};
use crate::tls;

/// What this process was given, until it is taken.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    sockets: Vec<Handed>,
    /// Whether a predecessor waits to hear that this process accepts.
    has_predecessor: bool,
}

/// An inherited socket.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) socket: TcpListener,
    pub(super) is_lent: bool,
}

impl Inherited {
    /// What there is.
    pub(super) fn receive() -> io::Result<Self> {
        if env::var_os(VARIABLE).is_some() {
            return Self::from_predecessor();
        }
        let mut given = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..given.len() {
            let Some(socket) = given.take_tcp_listener(index)? else { continue };
            let address = socket.local_addr()?;
            sockets.push(Handed {
                purpose: Purpose::Public { is_tls: false },
                address,
                is_lent: true,
                socket: socket.into(),
            });
        }
        Ok(Self { sockets, has_predecessor: false })
    }

    fn from_predecessor() -> io::Result<Self> {
        let mut sockets = Vec::new();
        loop {
            match Message::receive(io::stdin().as_fd())? {
                Message::Socket(socket) => sockets.push(socket),
                Message::Tickets(keys) => tls::take_over(keys),
                Message::End => return Ok(Self { sockets, has_predecessor: true }),
                Message::Ready(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    /// Every socket for this address of the file. systemd does not say what its sockets are for.
    pub(super) fn take(&mut self, purpose: Purpose, address: SocketAddr) -> io::Result<Vec<Taken>> {
        let says = self.has_predecessor;
        let is_meant = |one: &mut Handed| one.address == address && (one.purpose == purpose || !says);
        let taken = self.sockets.extract_if(.., is_meant);
        taken.map(|one| Ok(Taken { is_lent: one.is_lent, socket: one.into_listener()? })).collect()
    }

    /// Tells the predecessor, if there is one, that this process accepts.
    pub(super) fn ready(self) -> io::Result<()> {
        let mut unused = Vec::new();
        for socket in self.sockets {
            tracing::warn!(address = %socket.address, "a socket was handed to this process that its file does not name");
            let what = (socket.purpose, socket.address);
            if socket.purpose != Purpose::Admin && !unused.contains(&what) {
                unused.push(what);
            }
        }
        if self.has_predecessor { Message::Ready(unused).send(io::stdin().as_fd()) } else { Ok(()) }
    }
}
