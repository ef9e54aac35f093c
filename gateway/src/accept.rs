//! Stage 1: connections come in, as many as there are permits, and no fault of one stops the others.
use std::{
    fmt, io,
    net::{SocketAddr, TcpListener as StdListener},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::spawn_local,
    time::Instant,
};

use crate::{edge, worker::Slot};

/// Connections that the kernel may hold for each listener.
const BACKLOG: i32 = 4096;
/// How long the loop rests when the process, or the system, is out of descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How long a handshake that has begun may take to reach the queue of a listener that is about to close.
const HANDSHAKE: Duration = Duration::from_millis(20);

/// What becomes of connections that a listener which closes has not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    /// They are accepted still: nobody else could.
    Serve,
    /// Another process has the same socket, and accepts them.
    Leave,
}

/// A public address, and what is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) is_tls: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }
}

/// Accepts until told to stop; then what the kernel has accepted already, so that no client loses a request.
pub(crate) async fn accept(
    listener: Rc<TcpListener>,
    is_tls: bool,
    slot: Rc<Slot>,
    permits: Arc<Semaphore>,
    mut stop: oneshot::Receiver<Queue>,
) {
    let queue = loop {
        let next = next(&listener, &permits);
        tokio::select! {
            biased;
            (stream, peer, permit) = next => start(stream, peer, is_tls, permit, &slot),
            // Whoever is gone means the same.
            queue = &mut stop => break queue.unwrap_or(Queue::Serve),
        }
    };
    if queue == Queue::Leave {
        return;
    }
    // Whoever connects from here on must not be let into a queue that is about to be dropped: without its first packet
    // nothing begins, and the client tries again elsewhere. What had begun ends within moments, and is served.
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&*listener).attach_filter(&DROP_SYN) {
        tracing::debug!(%error, "clients that connect in this moment may be reset");
    }
    for round in 0..2 {
        while let Ok((stream, peer)) = listener.accept_now() {
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { return };
            start(stream, peer, is_tls, permit, &slot);
        }
        if round == 0 {
            tokio::time::sleep(HANDSHAKE).await;
        }
    }
}

/// A filter of a listener's packets (classic BPF; the TCP header comes first): drops those that open a connection.
#[cfg(target_os = "linux")]
const DROP_SYN: [socket2::SockFilter; 4] = [
    socket2::SockFilter::new(0x30, 0, 0, 13),   // load the byte of the flags
    socket2::SockFilter::new(0x45, 0, 1, 0x02), // is SYN set?
    socket2::SockFilter::new(0x06, 0, 0, 0),    // yes: take nothing of the packet
    socket2::SockFilter::new(0x06, 0, 0, u32::MAX),
];

/// The next connection and its permit: the permit first, so that what can't be served waits in the kernel's queue.
async fn next(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            // These are the connection's own: it was gone before it was accepted.
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept: is the limit of open files (ulimit -n) too low?");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn start(stream: TcpStream, peer: SocketAddr, is_tls: bool, permit: OwnedSemaphorePermit, slot: &Rc<Slot>) {
    let accepted = Instant::now();
    let slot = Rc::clone(slot);
    spawn_local(async move {
        edge::serve(stream, peer, is_tls, &slot, accepted).await;
        drop(permit);
    });
}

/// An accept that does not wait.
trait AcceptNow {
    fn accept_now(&self) -> io::Result<(TcpStream, SocketAddr)>;
}

impl AcceptNow for TcpListener {
    fn accept_now(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, peer) = SockRef::from(self).accept()?;
        socket.set_nonblocking(true)?;
        let peer = peer.as_socket().ok_or(io::ErrorKind::InvalidData)?;
        Ok((TcpStream::from_std(socket.into())?, peer))
    }
}

/// Opens `address` once for each of `workers`. The kernel spreads connections over listeners that share a port, and
/// would do so over another process's too: so the port is first taken without sharing, which fails while anyone has it;
/// but for one that is `ours`, under another of the machine's addresses.
pub(crate) fn bind(address: SocketAddr, workers: usize, ours: bool) -> io::Result<Vec<StdListener>> {
    if !ours {
        drop(listener(address, false)?);
    }
    let first = listener(address, true)?;
    // A port of 0 is chosen by the first.
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    listeners.extend(more(address, workers - 1)?);
    Ok(listeners)
}

/// Opens an address of ours so many times more.
pub(crate) fn more(address: SocketAddr, count: usize) -> io::Result<Vec<StdListener>> {
    (0..count).map(|_| listener(address, true)).collect()
}

fn listener(address: SocketAddr, shared: bool) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(true)?; // `[::]` and `0.0.0.0` may both be listed.
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if shared {
        // Streamed frames must not wait for an acknowledgement; what is accepted inherits it (tcp(7)).
        socket.set_tcp_nodelay(true)?;
        socket.listen(BACKLOG)?;
    }
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_has_is_not_shared() {
        let address = "127.0.0.1:0".parse().unwrap();
        let listeners = bind(address, 3, false).unwrap();
        let taken = listeners[0].local_addr().unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap() == taken));
        assert_eq!(bind(taken, 1, false).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn what_is_accepted_does_not_delay_small_writes() {
        let listener = bind("127.0.0.1:0".parse().unwrap(), 1, false).unwrap().remove(0);
        listener.set_nonblocking(false).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(listener.accept().unwrap().0.nodelay().unwrap());
    }
}
