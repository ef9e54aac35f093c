//! A new process is started in the place of this one, which goes on until the other accepts.
use std::{io, os::fd::AsFd};

use tokio::task::{JoinError, JoinHandle};

use super::{
    handover::{Handed, Purpose, Successor, TakenOver},
    supervisor::Supervisor,
};

impl Supervisor {
    /// Starts the process that is to take over, and hands it the sockets; nothing ends before it accepts.
    pub(super) async fn start_successor(&self) -> Option<JoinHandle<Result<TakenOver, String>>> {
        if !self.mounts.is_empty() {
            tracing::warn!(
                "SIGUSR2 is not for a process with services inside: each of them runs once. Restart it instead"
            );
            return None;
        }
        let sockets = self.threads.copy_sockets().await.and_then(|sockets| {
            let public = sockets.into_iter().map(|(endpoint, is_lent, socket)| Handed {
                purpose: Purpose::Public { is_tls: endpoint.is_tls },
                address: endpoint.address,
                is_lent,
                socket,
            });
            let admin = self.admin_door.iter().map(|door| {
                let (address, socket) = (self.live.config.admin.listen, door.listener.as_fd().try_clone_to_owned()?);
                Ok(Handed { purpose: Purpose::Admin, address, is_lent: false, socket })
            });
            public.map(Ok).chain(admin).collect::<io::Result<Vec<_>>>()
        });
        match sockets {
            Ok(sockets) => {
                tracing::info!("starting a new process that is to take over");
                Some(tokio::task::spawn_blocking(move || Successor::take_over(sockets)))
            }
            Err(error) => {
                tracing::error!(%error, "no new process is started: the sockets cannot be copied");
                None
            }
        }
    }
}

/// The new process, if it accepts; else it is told why it does not.
pub(super) fn taken_over(outcome: Result<Result<TakenOver, String>, JoinError>) -> Option<TakenOver> {
    match outcome.unwrap_or_else(|panic| Err(panic.to_string())) {
        Ok(taken_over) => Some(taken_over),
        Err(error) => {
            tracing::error!(error, "the new process does not serve: this one serves on");
            None
        }
    }
}
