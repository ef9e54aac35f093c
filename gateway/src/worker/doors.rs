//! The listeners of one core.
use std::{
    io,
    net::TcpListener as StdListener,
    os::fd::{AsFd, OwnedFd},
    rc::Rc,
    sync::Arc,
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, oneshot},
    task::{JoinHandle, spawn_local},
};

use super::Slot;
use crate::accept::{self, Endpoint, Queue};

/// One core's socket for one address of the file.
#[derive(Debug)]
pub(crate) struct Listener {
    /// As the file has it: its port may be 0.
    pub(crate) endpoint: Endpoint,
    pub(crate) socket: StdListener,
    /// Whether somebody outside holds this socket as well, and will go on with it (systemd): what waits in its queue when
    /// this process ends is not lost.
    pub(crate) is_lent: bool,
}

/// Listeners that can be opened and closed while the core serves.
pub(super) struct Doors {
    slot: Rc<Slot>,
    permits: Arc<Semaphore>,
    open: Vec<Door>,
}

struct Door {
    endpoint: Endpoint,
    is_lent: bool,
    listener: Rc<TcpListener>,
    stop: oneshot::Sender<Queue>,
    accepting: JoinHandle<()>,
}

impl Doors {
    pub(super) fn new(slot: &Rc<Slot>, permits: Arc<Semaphore>) -> Self {
        Self { slot: Rc::clone(slot), permits, open: Vec::new() }
    }

    /// Accepts on one more.
    pub(super) fn open(&mut self, listener: Listener) -> io::Result<()> {
        let Listener { endpoint, socket, is_lent } = listener;
        let listener = Rc::new(TcpListener::from_std(socket)?);
        let (stop, stopped) = oneshot::channel();
        let (permits, slot) = (Arc::clone(&self.permits), Rc::clone(&self.slot));
        let accepting = spawn_local(accept::accept(Rc::clone(&listener), endpoint.is_tls, slot, permits, stopped));
        self.open.push(Door { endpoint, is_lent, listener, stop, accepting });
        Ok(())
    }

    /// Closes those of these addresses, or all, once what waits for them is served or left to whoever goes on with them.
    pub(super) async fn close(&mut self, endpoints: Option<&[Endpoint]>, queue: Queue) {
        let is_meant = |door: &mut Door| endpoints.is_none_or(|endpoints| endpoints.contains(&door.endpoint));
        let mut closing = Vec::new();
        for Door { is_lent, listener, stop, accepting, .. } in self.open.extract_if(.., is_meant) {
            // Its task holds the last one from here on. It may have ended by itself.
            drop(listener);
            let _ = stop.send(if is_lent { Queue::Leave } else { queue });
            closing.push(accepting);
        }
        for accepting in closing {
            let _ = accepting.await;
        }
    }

    /// Copies of the sockets, each with its address in the file.
    pub(super) fn copies(&self) -> io::Result<Vec<(Endpoint, bool, OwnedFd)>> {
        let copy = |door: &Door| Ok((door.endpoint, door.is_lent, door.listener.as_fd().try_clone_to_owned()?));
        self.open.iter().map(copy).collect()
    }
}
