//! Whose request it is, where a service's upstream is chosen by that.
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

use super::LocalCluster;
use crate::{balance::hash, config::HashKey};

impl LocalCluster {
    /// What a request with these fields, of this client, is hashed by; `None` where it is not.
    pub(crate) fn affinity(&self, fields: &HeaderMap, client: IpAddr) -> Option<u64> {
        let key = self.shared.hash.as_ref()?;
        Some(named(key, fields).unwrap_or_else(|| of_address(client)))
    }
}

/// What the field or the cookie of this key hashes to, if it is one and is there.
pub(crate) fn named(key: &HashKey, fields: &HeaderMap) -> Option<u64> {
    match key {
        HashKey::Address => None,
        HashKey::Header(name) => fields.get(name).map(|value| hash::of(value.as_bytes())),
        HashKey::Cookie(name) => cookie(fields, name).map(hash::of),
    }
}

/// What an address hashes to.
pub(crate) fn of_address(client: IpAddr) -> u64 {
    match client {
        IpAddr::V4(address) => hash::of(&address.octets()),
        IpAddr::V6(address) => hash::of(&address.octets()),
    }
}

/// The value of the first cookie of this name (RFC 6265 §5.4).
fn cookie<'f>(fields: &'f HeaderMap, name: &str) -> Option<&'f [u8]> {
    let values = fields.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let mut pairs = values.flat_map(|value| value.split(|&byte| byte == b';'));
    pairs.find_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let check = |written: &[&'static str], expected: Option<&str>| {
            let fields = written.iter().map(|value| (header::COOKIE, value.parse().unwrap())).collect();
            assert_eq!(cookie(&fields, "sid"), expected.map(str::as_bytes), "{written:?}");
        };
        check(&["sid=7"], Some("7"));
        check(&["a=1; sid=7; b=2"], Some("7"));
        check(&["a=1", "b=2;sid=x=y"], Some("x=y"));
        check(&["xsid=7; sidx=8"], None);
        check(&[], None);
    }
}
