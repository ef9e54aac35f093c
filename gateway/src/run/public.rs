//! The public addresses: each is open once for every worker, so that no two of them share a queue.
use std::net::SocketAddr;

use super::StartError;
use crate::{accept, config::Server, worker::Listener};

/// The addresses that are open.
#[derive(Debug)]
pub(super) struct Public {
    addresses: Vec<Address>,
    /// Of each worker that has not been given its own yet.
    listeners: Vec<Vec<Listener>>,
}

#[derive(Debug, Clone, Copy)]
struct Address {
    /// As the file has it.
    written: SocketAddr,
    /// Another only where the file says port 0.
    bound: SocketAddr,
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
    /// Opens the addresses of `server` for each of its workers.
    pub(super) fn bind(server: &Server) -> Result<Self, StartError> {
        let mut public = Self { addresses: Vec::new(), listeners: Vec::new() };
        let opened = public.open(server, 0)?;
        public.addresses = opened.addresses;
        public.listeners = opened.new_workers;
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
    pub(super) fn open(&self, server: &Server, workers: usize) -> Result<Opened, StartError> {
        let kept = workers.min(server.workers);
        let mut old_workers: Vec<Vec<Listener>> = (0..server.workers).map(|_| Vec::new()).collect();
        let mut addresses = Vec::new();
        for &written in &server.listen {
            let failed = |error| StartError::Listen { key: "server.listen", address: written, error };
            let (address, sockets, served) = match self.addresses.iter().find(|known| known.written == written) {
                Some(known) => (*known, accept::more(known.bound, server.workers - kept).map_err(failed)?, kept),
                None => {
                    let is_ours = self.bound().any(|ours| ours.port() == written.port());
                    let sockets = accept::bind(written, server.workers, is_ours).map_err(failed)?;
                    (Address { written, bound: sockets[0].local_addr()? }, sockets, 0)
                }
            };
            addresses.push(address);
            for (worker, socket) in old_workers.iter_mut().skip(served).zip(sockets) {
                worker.push(Listener { address: written, socket, is_lent: false });
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
