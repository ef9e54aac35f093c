//! The cookie that names the upstream which a client's requests go to.
//!
//! It says a keyed hash of where that upstream is, so that every worker, every replica with the same file and a restarted
//! gateway know it, and no client reads an address. One that names nobody, or somebody who is out, is replaced.
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};

use super::{Cluster, LocalCluster, lease::Lease};
use crate::{cookie, exchange::Exchange, upstream::Health};

/// A service's cookie.
#[derive(Debug)]
pub(super) struct Sticky {
    name: Box<str>,
    /// What it says for each upstream, in their order: the first 64 bits of the hash, as 16 digits.
    values: Vec<String>,
}

impl Sticky {
    /// The cookie of this name, of a service, for upstreams with these labels.
    pub(super) fn new<'u>(name: &str, service: &str, labels: impl IntoIterator<Item = &'u str>) -> Self {
        // Of another service the same address has another value.
        let key = hmac::Key::new(hmac::HMAC_SHA256, format!("sticky cookie {name} of {service}").as_bytes());
        let value = |label: &str| {
            let tag = hmac::sign(&key, label.as_bytes());
            let start = tag.as_ref().first_chunk().expect("a hash is longer");
            format!("{:016x}", u64::from_be_bytes(*start))
        };
        Self { name: name.into(), values: labels.into_iter().map(value).collect() }
    }

    /// The place of the upstream that a request with these fields names, counted from 1; 0 for nobody.
    pub(super) fn place(&self, fields: &HeaderMap) -> u64 {
        let named = cookie::find(fields, &self.name);
        let index = named.and_then(|named| self.values.iter().position(|value| value.as_bytes() == named));
        index.map_or(0, |index| index as u64 + 1)
    }
}

impl Cluster {
    /// Whether requests go where their cookie says.
    fn named(&self, place: u64) -> Option<usize> {
        self.sticky.as_ref()?;
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        (index < self.upstreams.len()).then_some(index)
    }
}

impl LocalCluster {
    /// The upstream that the cookie of a request names, if it may be sent to.
    pub(super) fn kept(&self, health: Health, except: &[usize], place: u64) -> Option<(usize, Lease)> {
        let index = self.shared.named(place)?;
        let upstream = &self.shared.upstreams[index];
        let would_do = !except.contains(&index) && upstream.health() == health && self.shared.takes_more(upstream);
        let lease = would_do.then(|| Lease::take(&self.upstreams[index]))??;
        Some((index, lease))
    }

    /// The cookie for a client that came by `scheme`, whose own does not name the upstream that has answered: none where
    /// that has failed, and the client gets another's answer.
    pub(crate) fn cookie(&self, exchange: &Exchange, scheme: &str) -> Option<HeaderValue> {
        let sticky = self.shared.sticky.as_ref()?;
        let (_, index) =
            exchange.upstream.filter(|(cluster, _)| *cluster == self.index && exchange.failure.is_none())?;
        let is_known = exchange.affinity == index as u64 + 1;
        if is_known { None } else { cookie::new(&sticky.name, &sticky.values[index], scheme) }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_value_is_of_its_upstream_its_cookie_and_its_service() {
        let labels = ["http://10.0.0.1", "http://10.0.0.2"];
        let sticky = |name, service| Sticky::new(name, service, labels);
        let first = sticky("node", "app");
        // These digits are in browsers: another way to make them is a change that every client notices.
        assert_eq!(first.values, ["8fe402eed23a3737", "f0fe8b5a573270da"]);
        assert_eq!(sticky("node", "app").values, first.values);
        assert_ne!(sticky("node", "other").values, first.values);
        assert_ne!(sticky("other", "app").values, first.values);
        let check = |written: String, expected: u64| {
            let fields = [(header::COOKIE, HeaderValue::try_from(&written).unwrap())].into_iter().collect();
            assert_eq!(first.place(&fields), expected, "{written}");
        };
        check(format!("a=b; node={}", first.values[1]), 2);
        check(format!("node={}", first.values[0]), 1);
        check(format!("node={}0", first.values[0]), 0);
        check("node=http://10.0.0.1".into(), 0);
        check("node=".into(), 0);
        assert_eq!(first.place(&HeaderMap::new()), 0);
    }
}
