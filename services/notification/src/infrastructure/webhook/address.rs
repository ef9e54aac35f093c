//! Which addresses are the public Internet's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not (IANA's registry of special-purpose addresses), as address and prefix length.
const SPECIAL_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),       // this network, the unspecified address
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // shared by a provider's customers (CGNAT)
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local, and the clouds' metadata
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, broadcast
];

/// The global unicast addresses of IPv6. Mapped IPv4, NAT64, unique local, link-local and multicast addresses
/// are none of these.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within those that are not public, or that carry an IPv4 address of any kind.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether the address is one of the public Internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within = |(network, length): &([u8; 4], u32)| {
                let differ = u32::from(address) ^ u32::from(Ipv4Addr::from(*network));
                differ.leading_zeros() >= *length
            };
            !SPECIAL_V4.iter().any(within)
        }
        IpAddr::V6(address) => {
            let within = |(network, length): &(Ipv6Addr, u32)| {
                (u128::from(address) ^ u128::from(*network)).leading_zeros() >= *length
            };
            within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        fn check(addresses: &[&str], expected: bool) {
            for text in addresses {
                assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
            }
        }
        check(&["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1"], true);
        check(&["169.253.0.1", "192.167.1.1", "198.17.0.1", "223.255.255.255", "11.0.0.1"], true);
        check(&["2606:4700:4700::1111", "2a00:1450::1", "2001:4860::8888"], true);
        check(&["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "127.0.0.1", "127.9.9.9"], false);
        check(&["100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255"], false);
        check(&["192.168.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.9.9"], false);
        check(&["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"], false);
        check(&["::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8"], false);
        check(&["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1"], false);
        check(&["fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "2002:7f00:1::", "2001::1"], false);
        check(&["2001:db8::1", "3fff::1", "5f00::1", "4000::1"], false);
    }
}
