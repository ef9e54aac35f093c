//! The public addresses: each is open once for every worker, so that no two of them share a queue.
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use super::{
    StartError,
    handover::Purpose,
    inherited::{Inherited, Taken},
};
use crate::{accept, config::Server, worker::Listener};

/// The addresses that are open.
#[derive(Debug)]
pub(super) struct Public {
    addresses: Vec<Address>,
    /// Of each worker that has not been given its own yet.
    listeners: Vec<Vec<Listener>>,
}

#[derive(Debug, Clone)]
struct Address {
    /// As the file has it.
    written: SocketAddr,
    /// Another only where the file says port 0.
    bound: SocketAddr,
    /// A socket that somebody else holds as well: there is this one alone for all workers, now and later.
    lent: Option<Arc<TcpListener>>,
}

/// Sockets that were opened for a new configuration, and that nobody serves yet: dropped, they are closed.
#[derive(Debug)]
pub(super) struct Opened {
    addresses: Vec<Address>,
    /// For each worker that stays: the addresses that are new.
    pub(super) old_workers: Vec<Vec<Listener>>,
    /// For each new worker: all addresses.
    pub(super) new_workers: Vec<Vec<Listener>>,
    /// Addresses that are listened on no more.
    pub(super) gone: Vec<SocketAddr>,
}

impl Public {
    /// Opens the addresses of `server` for each of its workers, where no open sockets for them are `inherited`.
    pub(super) fn bind(server: &Server, inherited: &mut Inherited) -> Result<Self, StartError> {
        let mut public = Self { addresses: Vec::new(), listeners: Vec::new() };
        let mut handed = Vec::new();
        for &written in &server.listen {
            let sockets = inherited.take(Purpose::Public, written)?;
            if let Some(first) = sockets.first() {
                let lent = if first.is_lent { Some(Arc::new(first.socket.try_clone()?)) } else { None };
                public.addresses.push(Address { written, bound: first.socket.local_addr()?, lent });
                handed.push((written, sockets));
            }
        }
        let opened = public.open(server, 0, &handed)?;
        public.addresses = opened.addresses;
        public.listeners = opened.new_workers;
        for (address, sockets) in handed {
            // One that was handed over is in the place of one that would be opened; what is left of them is more than
            // there are workers, and somebody must accept from each.
            let workers = public.listeners.len();
            for (index, Taken { socket, is_lent }) in sockets.into_iter().enumerate() {
                public.listeners[index % workers].push(Listener { address, socket, is_lent });
            }
        }
        Ok(public)
    }

    /// What the first workers accept on; each is given once.
    pub(super) fn take_listeners(&mut self) -> Vec<Vec<Listener>> {
        std::mem::take(&mut self.listeners)
    }

    /// Where clients connect.
    pub(super) fn bound(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().map(|address| address.bound)
    }

    /// Opens what `server` needs beside what is open now for so many `workers`.
    pub(super) fn renew(&self, server: &Server, workers: usize) -> Result<Opened, StartError> {
        self.open(server, workers, &[])
    }

    fn open(&self, server: &Server, workers: usize, handed: &[(SocketAddr, Vec<Taken>)]) -> Result<Opened, StartError> {
        let kept = workers.min(server.workers);
        let mut old_workers: Vec<Vec<Listener>> = (0..server.workers).map(|_| Vec::new()).collect();
        let mut addresses = Vec::new();
        for &written in &server.listen {
            let failed = |error| StartError::Listen { key: "server.listen", address: written, error };
            // The address, more sockets for it, and how many workers need none of them.
            let (address, sockets, supplied) =
                if let Some(known) = self.addresses.iter().find(|known| known.written == written) {
                    let handed = handed.iter().find(|(address, _)| *address == written);
                    let supplied = handed.map_or(kept, |(_, sockets)| sockets.len().min(server.workers));
                    (known.clone(), known.more(server.workers - supplied).map_err(failed)?, supplied)
                } else {
                    let is_ours = self.bound().any(|ours| ours.port() == written.port());
                    let sockets = accept::bind(written, server.workers, is_ours).map_err(failed)?;
                    (Address { written, bound: sockets[0].local_addr()?, lent: None }, sockets, 0)
                };
            let is_lent = address.lent.is_some();
            addresses.push(address);
            for (worker, socket) in old_workers.iter_mut().skip(supplied).zip(sockets) {
                worker.push(Listener { address: written, socket, is_lent });
            }
        }
        let new_workers = old_workers.split_off(kept);
        let is_gone = |address: &&Address| !server.listen.contains(&address.written);
        let gone = self.addresses.iter().filter(is_gone).map(|address| address.written).collect();
        Ok(Opened { addresses, old_workers, new_workers, gone })
    }

    /// From now on what was opened is what is open.
    pub(super) fn commit(&mut self, opened: &Opened) {
        self.addresses.clone_from(&opened.addresses);
    }
}

impl Address {
    /// Opens it so many times more.
    fn more(&self, count: usize) -> io::Result<Vec<TcpListener>> {
        match &self.lent {
            Some(socket) => (0..count).map(|_| socket.try_clone()).collect(),
            None => accept::more(self.bound, count),
        }
    }
}
