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
use crate::{
    accept::{self, Endpoint},
    config::Server,
    worker::Listener,
};

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
    written: Endpoint,
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
    pub(super) gone: Vec<Endpoint>,
}

impl Public {
    /// Opens the addresses of `server` for each of its workers, where no open sockets for them are `inherited`.
    pub(super) fn bind(server: &Server, inherited: &mut Inherited) -> Result<Self, StartError> {
        let mut public = Self { addresses: Vec::new(), listeners: Vec::new() };
        let mut handed = Vec::new();
        for written in endpoints(server) {
            let sockets = inherited.take(Purpose::Public { is_tls: written.is_tls }, written.address)?;
            if let Some(first) = sockets.first() {
                let lent = if first.is_lent { Some(Arc::new(first.socket.try_clone()?)) } else { None };
                public.addresses.push(Address { written, bound: first.socket.local_addr()?, lent });
                handed.push((written, sockets));
            }
        }
        let opened = public.open(server, 0, &handed)?;
        public.addresses = opened.addresses;
        public.listeners = opened.new_workers;
        for (endpoint, sockets) in handed {
            // One that was handed over is in the place of one that would be opened; what is left of them is more than
            // there are workers, and somebody must accept from each.
            let workers = public.listeners.len();
            for (index, Taken { socket, is_lent }) in sockets.into_iter().enumerate() {
                public.listeners[index % workers].push(Listener { endpoint, socket, is_lent });
            }
        }
        Ok(public)
    }

    /// What the first workers accept on; each is given once.
    pub(super) fn take_listeners(&mut self) -> Vec<Vec<Listener>> {
        std::mem::take(&mut self.listeners)
    }

    /// Where clients connect.
    pub(super) fn bound(&self) -> impl Iterator<Item = Endpoint> {
        self.addresses.iter().map(Address::to_connect)
    }

    /// The port of the first HTTPS listener.
    pub(super) fn https_port(&self) -> Option<u16> {
        https_port(&self.addresses)
    }

    /// Opens what `server` needs beside what is open now for so many `workers`.
    pub(super) fn renew(&self, server: &Server, workers: usize) -> Result<Opened, StartError> {
        self.open(server, workers, &[])
    }

    fn open(&self, server: &Server, workers: usize, handed: &[(Endpoint, Vec<Taken>)]) -> Result<Opened, StartError> {
        let kept = workers.min(server.workers);
        let mut old_workers: Vec<Vec<Listener>> = (0..server.workers).map(|_| Vec::new()).collect();
        let mut addresses = Vec::new();
        for written in endpoints(server) {
            let key = if written.is_tls { "server.tls.listen" } else { "server.listen" };
            let failed = |error| StartError::Listen { key, address: written.address, error };
            // The address, more sockets for it, and how many workers need none of them.
            let (address, sockets, supplied) =
                if let Some(known) = self.addresses.iter().find(|known| known.written == written) {
                    let handed = handed.iter().find(|(endpoint, _)| *endpoint == written);
                    let supplied = handed.map_or(kept, |(_, sockets)| sockets.len().min(server.workers));
                    (known.clone(), known.more(server.workers - supplied).map_err(failed)?, supplied)
                } else {
                    let is_ours = self.addresses.iter().any(|ours| ours.bound.port() == written.address.port());
                    let sockets = accept::bind(written.address, server.workers, is_ours).map_err(failed)?;
                    (Address { written, bound: sockets[0].local_addr()?, lent: None }, sockets, 0)
                };
            let is_lent = address.lent.is_some();
            addresses.push(address);
            for (worker, socket) in old_workers.iter_mut().skip(supplied).zip(sockets) {
                worker.push(Listener { endpoint: written, socket, is_lent });
            }
        }
        let new_workers = old_workers.split_off(kept);
        let is_gone = |address: &&Address| !endpoints(server).any(|endpoint| endpoint == address.written);
        let gone = self.addresses.iter().filter(is_gone).map(|address| address.written).collect();
        Ok(Opened { addresses, old_workers, new_workers, gone })
    }

    /// From now on what was opened is what is open.
    pub(super) fn commit(&mut self, opened: &Opened) {
        self.addresses.clone_from(&opened.addresses);
    }
}

impl Opened {
    /// The port of the first HTTPS listener.
    pub(super) fn https_port(&self) -> Option<u16> {
        https_port(&self.addresses)
    }
}

fn https_port(addresses: &[Address]) -> Option<u16> {
    addresses.iter().find(|address| address.written.is_tls).map(|address| address.bound.port())
}

/// Every public address of the file.
fn endpoints(server: &Server) -> impl Iterator<Item = Endpoint> {
    let cleartext = server.listen.iter().map(|&address| Endpoint { address, is_tls: false });
    let https = server.tls.iter().flat_map(|tls| &tls.listen);
    cleartext.chain(https.map(|&address| Endpoint { address, is_tls: true }))
}

impl Address {
    fn to_connect(&self) -> Endpoint {
        Endpoint { address: self.bound, ..self.written }
    }

    /// Opens it so many times more.
    fn more(&self, count: usize) -> io::Result<Vec<TcpListener>> {
        match &self.lent {
            Some(socket) => (0..count).map(|_| socket.try_clone()).collect(),
            None => accept::more(self.bound, count),
        }
    }
}
