//! How listening sockets go from a process to the one that takes over from it: over a pair of Unix sockets, of which the
//! new process has one as its stdin, one message for each socket, and one with the keys of TLS sessions: nobody else
//! reads there, as somebody could an environment or a file. The kernel hands the socket itself on, with its queue:
//! who is connecting in this moment does not notice.
mod successor;

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::{SocketAddr, TcpListener},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    str::FromStr,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

use zeroize::Zeroizing;

pub(super) use successor::{Successor, TakenOver};

/// Says to a new process that its stdin is such a socket.
pub(super) const VARIABLE: &str = "GATEWAY_HANDOVER";

/// The longest message, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `server.listen`, or `server.tls.listen`.
    Public { is_tls: bool },
    /// `admin.listen`.
    Admin,
}

/// A socket on its way.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) purpose: Purpose,
    /// As the file has it.
    pub(super) address: SocketAddr,
    /// Whether somebody else, such as systemd, holds it as well and goes on with it.
    pub(super) is_lent: bool,
    pub(super) socket: OwnedFd,
}

/// What goes over the pair.
pub(super) enum Message {
    Socket(Handed),
    /// What TLS sessions are resumed with: a secret.
    Tickets(Zeroizing<String>),
    /// Nothing more comes.
    End,
    /// The new process accepts. It has no use for the sockets of these addresses.
    Ready(Vec<(Purpose, SocketAddr)>),
}

impl Message {
    pub(super) fn send(&self, to: BorrowedFd<'_>) -> io::Result<()> {
        let (text, socket) = match self {
            Self::Socket(Handed { purpose, address, is_lent, socket }) => {
                (format!("{} {address} {is_lent}", purpose.name()), Some(socket.as_fd()))
            }
            Self::Tickets(keys) => (format!("tickets {}", &**keys), None),
            Self::End => (String::from("end"), None),
            Self::Ready(unused) => {
                let one = |text, (purpose, address): &(Purpose, _)| format!("{text} {} {address}", purpose.name());
                (unused.iter().fold(String::from("ready"), one), None)
            }
        };
        let text = Zeroizing::new(text);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let sockets = socket.as_slice();
        if !sockets.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(sockets));
        }
        sendmsg(to, &[IoSlice::new(text.as_bytes())], &mut control, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// The next; an end of the other side is an error.
    pub(super) fn receive(from: BorrowedFd<'_>) -> io::Result<Self> {
        let mut text = Zeroizing::new(vec![0; MAX_MESSAGE]);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut pieces = [IoSliceMut::new(&mut text)];
        let length = recvmsg(from, &mut pieces, &mut control, RecvFlags::CMSG_CLOEXEC)?.bytes;
        let socket = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
            _ => None,
        });
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = str::from_utf8(&text[..length]).ok();
        text.and_then(|text| Self::parse(text, socket)).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(text: &str, socket: Option<OwnedFd>) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            "end" => Some(Self::End),
            "tickets" => Some(Self::Tickets(Zeroizing::new(rest.to_owned()))),
            "ready" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let one = |pair: &[&str]| Some((Purpose::named(pair[0])?, pair.get(1)?.parse().ok()?));
                words.chunks(2).map(one).collect::<Option<_>>().map(Self::Ready)
            }
            _ => {
                let purpose = Purpose::named(kind)?;
                let (address, is_lent) = rest.split_once(' ')?;
                let (address, is_lent) = (address.parse().ok()?, bool::from_str(is_lent).ok()?);
                Some(Self::Socket(Handed { purpose, address, is_lent, socket: socket? }))
            }
        }
    }
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Public { is_tls: false } => "public",
            Self::Public { is_tls: true } => "tls",
            Self::Admin => "admin",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [Self::Public { is_tls: false }, Self::Public { is_tls: true }, Self::Admin];
        all.into_iter().find(|purpose| purpose.name() == name)
    }
}

impl Handed {
    /// The socket, as it was.
    pub(super) fn into_listener(self) -> io::Result<TcpListener> {
        let listener = TcpListener::from(self.socket);
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    #[test]
    fn a_socket_arrives_as_it_was_sent() {
        let (here, there) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = listener.local_addr().unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let handed = Handed { purpose: Purpose::Admin, address, is_lent: true, socket: listener.into() };
        Message::Socket(handed).send(here.as_fd()).unwrap();
        Message::Tickets(Zeroizing::new(String::from("whose keys"))).send(here.as_fd()).unwrap();
        Message::End.send(here.as_fd()).unwrap();
        let unused = [(Purpose::Public { is_tls: true }, address), (Purpose::Public { is_tls: false }, bound)];
        Message::Ready(unused.to_vec()).send(here.as_fd()).unwrap();
        drop(here);
        let Ok(Message::Socket(handed)) = Message::receive(there.as_fd()) else { panic!("no socket") };
        assert_eq!((handed.purpose, handed.address, handed.is_lent), (Purpose::Admin, address, true));
        assert_eq!(handed.into_listener().unwrap().local_addr().unwrap(), bound);
        let Ok(Message::Tickets(keys)) = Message::receive(there.as_fd()) else { panic!("no keys") };
        assert_eq!(*keys, "whose keys");
        assert!(matches!(Message::receive(there.as_fd()), Ok(Message::End)));
        assert!(matches!(Message::receive(there.as_fd()), Ok(Message::Ready(read)) if read == unused));
        let end = Message::receive(there.as_fd()).err().unwrap();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }
}
