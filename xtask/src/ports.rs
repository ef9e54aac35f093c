//! Whether a port can be had, before anything is started that wants it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// True when nothing listens on `port`, on any IPv4 address of this machine.
///
/// Asked by binding the wildcard address: that fails beside a listener on any single address, and the standard
/// library's listeners do not set `SO_REUSEPORT`, which would let both live.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// A loopback address with a port that was free a moment ago.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn a_free_address_can_be_bound() {
        let address = free_address().unwrap();
        assert!(TcpListener::bind(address).is_ok());
    }
}
