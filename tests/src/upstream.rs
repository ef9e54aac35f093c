//! A real TCP server on port 0 that records what it is sent and does what its script says.
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::{
    message::Message,
    wait::eventually,
    wire::{End, Wire},
};

/// The server; it ends with this value.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    stopped: Arc<AtomicBool>,
}

/// What came.
#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    ended: usize,
    requests: Vec<Message>,
    /// A script's assertion has failed.
    failed: bool,
}

/// One connection of the gateway to it; what it can do is the [`Wire`]'s.
#[derive(Debug)]
pub struct Conn {
    wire: Wire,
    seen: Arc<Mutex<Seen>>,
    /// Which connection it is, from 0.
    pub index: usize,
}

impl Upstream {
    /// Lets `script` serve each connection, on a thread of its own; the connection closes when it returns.
    pub fn scripted(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        Self::consuming(move |mut conn| script(&mut conn))
    }

    /// As [`Upstream::scripted`], where the script may also cut the connection.
    pub fn consuming(script: impl Fn(Conn) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), script)
    }

    /// As [`Upstream::consuming`], on a listener that the test has made.
    pub fn on(listener: TcpListener, script: impl Fn(Conn) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let (seen, stopped) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let upstream = Self { address, seen: Arc::clone(&seen), stopped: Arc::clone(&stopped) };
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                let index = seen.lock().unwrap().connections;
                seen.lock().unwrap().connections += 1;
                thread::spawn(move || script(Conn { wire: Wire::new(stream), seen, index }));
            }
        });
        upstream
    }

    /// Speaks TLS as `config` says, and answers every request; a client that breaks the handshake off is nobody.
    pub fn tls(
        config: Arc<rustls::ServerConfig>,
        answer: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::scripted(move |conn| {
            if conn.accept_tls(&config) {
                while let Some(request) = conn.receive() {
                    conn.send(answer(&request));
                }
            }
        })
    }

    /// Answers every request, on connections that are kept.
    pub fn answering(answer: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::scripted(move |conn| {
            while let Some(request) = conn.receive() {
                conn.send(answer(&request));
            }
        })
    }

    /// Answers every request with 200 and `ok`.
    pub fn ok() -> Self {
        Self::answering(|_| ok())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came whole, in order.
    pub fn requests(&self) -> Vec<Message> {
        self.seen().requests.clone()
    }

    /// The last request that came whole.
    pub fn last(&self) -> Message {
        self.seen().requests.last().expect("a request came").clone()
    }

    /// Connections that were ever made.
    pub fn connections(&self) -> usize {
        self.seen().connections
    }

    /// Waits until so many connections have been left by the script or by the gateway.
    pub fn wait_ended(&self, count: usize) {
        eventually("the gateway closes its connection", || (self.seen().ended >= count).then_some(()));
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the accept loop up; one that is gone needs no waking.
        let _ = TcpStream::connect(self.address);
        assert!(thread::panicking() || !self.seen().failed, "the upstream's script has failed");
    }
}

impl Conn {
    /// The server's side of a handshake; whether it came to its end.
    pub fn accept_tls(&mut self, config: &Arc<rustls::ServerConfig>) -> bool {
        let mut session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
        let mut socket = self.wire.socket();
        while session.is_handshaking() {
            if session.complete_io(&mut socket).is_err() {
                return false;
            }
        }
        self.wire.tls = Some(Box::new(session.into()));
        true
    }

    /// The session of TLS.
    pub fn session(&self) -> &rustls::Connection {
        self.wire.tls.as_ref().expect("a connection of TLS")
    }

    /// The next request, whole and recorded; `None` when there is none or it was cut.
    pub fn receive(&mut self) -> Option<Message> {
        match self.wire.request() {
            Ok(request) => {
                let request = request?;
                self.seen.lock().unwrap().requests.push(request.clone());
                Some(request)
            }
            Err(_cut) => None,
        }
    }

    /// Records a request that was read in another way.
    pub(crate) fn record(&self, request: &Message) {
        self.seen.lock().unwrap().requests.push(request.clone());
    }

    /// Waits until the gateway ends the connection.
    pub fn wait_end(&mut self) -> End {
        self.wire.to_end().1
    }

    /// Cuts it with a reset.
    pub fn reset(self) {
        reset(&self);
    }
}

fn reset(conn: &Conn) {
    socket2::SockRef::from(conn.wire.socket()).set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

impl Drop for Conn {
    fn drop(&mut self) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.ended += 1;
            seen.failed |= thread::panicking();
        }
    }
}

impl Deref for Conn {
    type Target = Wire;
    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

/// A whole answer: 200 with `ok`.
pub fn ok() -> Vec<u8> {
    with_body("200 OK", b"ok")
}

/// A whole answer of this status, with a body of a declared length.
pub fn with_body(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
