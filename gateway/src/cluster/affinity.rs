//! Whose request it is, where a service's upstream is chosen by that.
use std::net::IpAddr;

use http::HeaderMap;

use super::LocalCluster;
use crate::{balance::hash, config::HashKey, cookie};

impl LocalCluster {
    /// What a request with these fields, of this client, is hashed by, or the place of the upstream that its cookie names;
    /// `None` where neither is asked for.
    pub(crate) fn affinity(&self, fields: &HeaderMap, client: IpAddr) -> Option<u64> {
        if let Some(sticky) = &self.shared.sticky {
            return Some(sticky.place(fields));
        }
        let key = self.shared.hash.as_ref()?;
        Some(named(key, fields).unwrap_or_else(|| of_address(client)))
    }
}

/// What the field or the cookie of this key hashes to, if it is one and is there.
pub(crate) fn named(key: &HashKey, fields: &HeaderMap) -> Option<u64> {
    match key {
        HashKey::Address => None,
        HashKey::Header(name) => fields.get(name).map(|value| hash::of(value.as_bytes())),
        HashKey::Cookie(name) => cookie::find(fields, name).map(hash::of),
    }
}

/// What an address hashes to.
pub(crate) fn of_address(client: IpAddr) -> u64 {
    match client {
        IpAddr::V4(address) => hash::of(&address.octets()),
        IpAddr::V6(address) => hash::of(&address.octets()),
    }
}
