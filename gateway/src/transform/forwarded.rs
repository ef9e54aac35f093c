//! Who sent a request first, as far as trusted proxies tell.
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::exchange::Client;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client that sent the request first: the peer, or, where the peer is trusted, the first address from the right of
/// `X-Forwarded-For` that is no trusted proxy's. What cannot be read ends the walk: the last hop that was sound counts.
pub(crate) fn origin(client: &Client, is_trusted: bool, trusted: &[IpNet], fields: &HeaderMap) -> IpAddr {
    let mut origin = client.address.ip().to_canonical();
    if !is_trusted {
        return origin;
    }
    let lines: Vec<&HeaderValue> = fields.get_all(FOR).iter().collect();
    for hop in lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|&b| b == b',')) {
        let Some(ip) = str::from_utf8(hop).ok().and_then(|hop| address(hop.trim())) else { break };
        origin = ip;
        if !trusted.iter().any(|net| net.contains(&ip)) {
            break;
        }
    }
    origin
}

/// `192.0.2.1`, `2001:db8::1`, each also with a port.
fn address(text: &str) -> Option<IpAddr> {
    let ip = text.parse::<IpAddr>().or_else(|_| text.parse::<std::net::SocketAddr>().map(|address| address.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_walked_from_the_right() {
        let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let check = |peer: &str, chain: &'static str, expected: &str| {
            let client = Client::new((peer.parse::<IpAddr>().unwrap(), 1234).into(), "http");
            let fields = HeaderMap::from_iter([(FOR, HeaderValue::from_static(chain))]);
            assert_eq!(
                origin(&client, client.is_one_of(&trusted), &trusted, &fields).to_string(),
                expected,
                "{peer} {chain}"
            );
        };
        check("192.0.2.1", "203.0.113.7", "192.0.2.1");
        check("10.0.0.1", "203.0.113.7", "203.0.113.7");
        check("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7");
        check("10.0.0.1", "203.0.113.7, nonsense, 10.0.0.2", "10.0.0.2");
        check("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3");
        check("fd00::1", "[2001:db8::7]:443, fd00::2", "2001:db8::7");
        check("10.0.0.1", "203.0.113.7:5555", "203.0.113.7");
    }
}
