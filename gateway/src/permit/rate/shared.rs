//! A limit that is counted in a store that other gateways share.
use std::net::IpAddr;

use aws_lc_rs::digest;

use super::{
    Caller, Outcome, Quota,
    redis::{Check, Key, Link},
};

/// A limit, as the store knows it.
pub(super) struct Shared {
    /// The beginning of what is hashed for each of its callers.
    identity: digest::Context,
    /// Between two requests that come back, in microseconds; rounded up, so that a limit never lets through more.
    interval: u64,
    burst: u64,
}

impl Shared {
    /// The limit that is known as `identity`; with the same quota it is the same one in every gateway.
    pub(super) fn new(identity: &str, quota: Quota) -> Self {
        let Quota { requests, per, burst } = quota;
        let mut hashed = digest::Context::new(&digest::SHA256);
        let identity = format!("{identity} {requests} {} {burst}", per.as_nanos());
        hashed.update(&(identity.len() as u64).to_le_bytes());
        hashed.update(identity.as_bytes());
        let interval = per.as_nanos().div_ceil(u128::from(requests.max(1)) * 1000);
        let interval = u64::try_from(interval).unwrap_or(u64::MAX).max(1);
        Self { identity: hashed, interval, burst: burst.max(1).into() }
    }

    /// Counts a request of `caller`; none where the store gives no answer.
    pub(super) async fn count(&self, caller: Caller<'_>, link: &Link) -> Option<Outcome> {
        let whole = self.interval * self.burst;
        let said = link.ask(Check { key: self.key(caller), interval: self.interval, whole }).await?;
        let (is_allowed, used) = if said < 0 { (false, -1 - said) } else { (true, said) };
        let used = u64::try_from(used).unwrap_or(0);
        let outcome = Outcome::of(is_allowed, used, self.interval, whole);
        Some(Outcome { until_next: outcome.until_next * 1000, ..outcome })
    }

    /// What stands for a caller under this limit: nobody can find another one with the same, nor read it there.
    fn key(&self, caller: Caller<'_>) -> Key {
        let mut hashed = self.identity.clone();
        match caller {
            Caller::Value(value) => hashed.update(&[&[0], value].concat()),
            Caller::Address(address) => match address.to_canonical() {
                IpAddr::V4(address) => hashed.update(&[&[4], &address.octets()[..]].concat()),
                IpAddr::V6(address) => hashed.update(&[&[6], &address.octets()[..8]].concat()),
            },
        }
        *hashed.finish().as_ref().first_chunk().expect("32 bytes have 16")
    }
}

/// Its hash is nothing for people.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("interval", &self.interval).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limit(identity: &str, requests: u32, burst: u32) -> Shared {
        Shared::new(identity, Quota { requests, per: Duration::from_mins(1), burst })
    }

    #[test]
    fn every_gateway_knows_a_caller_by_the_same_key_and_no_other_by_it() {
        let address = |text: &str| Caller::Address(text.parse().unwrap());
        let one = limit("global", 100, 100);
        let key = |caller| one.key(caller);
        assert_eq!(key(address("192.0.2.1")), limit("global", 100, 100).key(address("192.0.2.1")));
        for (a, b, expected) in [
            ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ] {
            assert_eq!(key(address(a)) == key(address(b)), expected, "{a} {b}");
        }
        assert_ne!(key(Caller::Value(&[192, 0, 2, 1])), key(address("192.0.2.1")));
        for other in [limit("route /a", 100, 100), limit("global", 99, 100), limit("global", 100, 99)] {
            assert_ne!(other.key(address("192.0.2.1")), key(address("192.0.2.1")));
        }
    }

    #[test]
    fn no_interval_is_shorter_than_written() {
        for (requests, millis, expected) in
            [(100, 60_000, 600_000), (7, 1000, 142_858), (1_000_000, 1, 1), (1, 86_400_000, 86_400_000_000)]
        {
            let quota = Quota { requests, per: Duration::from_millis(millis), burst: 1 };
            assert_eq!(Shared::new("a", quota).interval, expected);
        }
    }
}
