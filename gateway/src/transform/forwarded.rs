//! Who the client is, told to the upstream: `X-Forwarded-For`, `-Proto`, `-Host`, `Forwarded` (RFC 7239) and `Via`
//! (RFC 9110 §7.6.3). A client's own are believed only when it is one of `trusted_proxies`.
use std::{fmt::Write, net::IpAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

use crate::exchange::Client;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const VIA: HeaderValue = HeaderValue::from_static("1.1 gateway");

/// Writes them: over the client's own, or behind those of a trusted proxy.
pub(crate) fn write(fields: &mut HeaderMap, client: &Client, host: Option<&HeaderValue>) {
    let element = element(client, host);
    if client.is_trusted {
        append(fields, FOR, client.forwarded_for.clone());
        append(fields, header::FORWARDED, element);
        fields.entry(PROTO).or_insert_with(|| HeaderValue::from_static(client.scheme));
        if let Some(host) = host {
            fields.entry(HOST).or_insert_with(|| host.clone());
        }
    } else {
        if fields.keys().any(|name| name.as_str().starts_with("x-")) {
            fields.remove(REAL_IP);
            fields.remove(PORT);
            fields.remove(HOST);
        }
        fields.insert(FOR, client.forwarded_for.clone());
        fields.insert(header::FORWARDED, element);
        fields.insert(PROTO, HeaderValue::from_static(client.scheme));
        if let Some(host) = host {
            fields.insert(HOST, host.clone());
        }
    }
    append(fields, header::VIA, VIA);
}

/// Adds `value` behind what the field lists already, as one line.
fn append(fields: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !fields.contains_key(&name) {
        fields.insert(name, value);
        return;
    }
    let mut list = Vec::new();
    for earlier in fields.get_all(&name) {
        list.extend_from_slice(earlier.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(value.as_bytes());
    // A list of valid values is a valid value.
    fields.insert(name, HeaderValue::from_bytes(&list).unwrap_or(value));
}

/// `for=192.0.2.1;host="example.com";proto=http` (RFC 7239 §4; an IPv6 address is quoted and bracketed, §6).
fn element(client: &Client, host: Option<&HeaderValue>) -> HeaderValue {
    let mut text = String::with_capacity(96);
    match client.address.ip().to_canonical() {
        IpAddr::V4(_) => {
            text.push_str("for=");
            text.push_str(client.forwarded_for.to_str().unwrap_or("unknown"));
        }
        IpAddr::V6(ip) => write!(text, "for=\"[{ip}]\"").expect("a String takes everything"),
    }
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        // A Host that was let in holds no quote and no backslash.
        text.push_str(";host=\"");
        text.push_str(host);
        text.push('"');
    }
    text.push_str(";proto=");
    text.push_str(client.scheme);
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap_or(HeaderValue::from_static("for=unknown"))
}

/// The client that sent the request first: the peer, or, where the peer is trusted, the first address from the right of
/// `X-Forwarded-For` that is no trusted proxy's. What cannot be read ends the walk: the last hop that was sound counts.
pub(crate) fn origin(client: &Client, trusted: &[IpNet], fields: &HeaderMap) -> IpAddr {
    let mut origin = client.address.ip().to_canonical();
    if !client.is_trusted {
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

    fn client(ip: &str, trusted: &[IpNet]) -> Client {
        Client::new((ip.parse::<IpAddr>().unwrap(), 1234).into(), "http", trusted)
    }

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).fold(
            HeaderMap::new(),
            |mut fields, (name, value)| {
                fields.append(name, value);
                fields
            },
        )
    }

    #[test]
    fn an_untrusted_peer_can_tell_nothing() {
        let mut fields = fields(&[
            ("host", "example.com:8000"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "7.7.7.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil"),
            ("x-real-ip", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("via", "1.0 old"),
        ]);
        let host = fields["host"].clone();
        write(&mut fields, &client("192.0.2.1", &[]), Some(&host));
        assert_eq!(fields["x-forwarded-for"], "192.0.2.1");
        assert_eq!(fields.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(fields["x-forwarded-proto"], "http");
        assert_eq!(fields["x-forwarded-host"], "example.com:8000");
        assert_eq!(fields["forwarded"], "for=192.0.2.1;host=\"example.com:8000\";proto=http");
        assert_eq!(fields["via"], "1.0 old, 1.1 gateway");
        assert!(!fields.contains_key("x-real-ip"));
    }

    #[test]
    fn a_trusted_peer_is_the_next_link_of_the_chain() {
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        let mut fields = fields(&[
            ("host", "inside"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "example.com"),
        ]);
        let host = fields["host"].clone();
        write(&mut fields, &client("10.1.1.1", &trusted), Some(&host));
        assert_eq!(fields["x-forwarded-for"], "203.0.113.7, 10.1.1.1");
        assert_eq!(fields["x-forwarded-proto"], "https");
        assert_eq!(fields["x-forwarded-host"], "example.com");
    }

    #[test]
    fn the_chain_is_walked_from_the_right() {
        let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let check = |peer: &str, chain: &'static str, expected: &str| {
            let found = origin(&client(peer, &trusted), &trusted, &fields(&[("x-forwarded-for", chain)]));
            assert_eq!(found.to_string(), expected, "{peer} {chain}");
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
