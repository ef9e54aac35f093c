//! Whether a request's identity fields are the gateway's.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, HeaderName};

/// The field in which the gateway proves itself: it sets it on every request to a service, in place of
/// whatever a client sent.
pub const GATEWAY_SECRET: HeaderName = HeaderName::from_static("x-gateway-secret");

/// When `X-User-*` is believed.
#[derive(Clone)]
pub enum Trust {
    /// Always: the gateway is this process, and nothing else reaches the router.
    InProcess,
    /// With the secret that `GATEWAY_SECRET` holds, in [`GATEWAY_SECRET`].
    Secret(Arc<str>),
    /// Always, since only this machine reaches the port.
    Loopback,
    /// Never: others reach the port, and no secret tells them from the gateway.
    Nobody,
}

impl Trust {
    /// By the setting `GATEWAY_SECRET` and the address that is listened on.
    pub fn by(secret: Option<&str>, listen: IpAddr) -> Self {
        match secret {
            Some(secret) => Self::Secret(secret.into()),
            None if listen.is_loopback() => Self::Loopback,
            None => Self::Nobody,
        }
    }

    /// Whether the identity fields of a request with these fields are the gateway's.
    pub fn holds(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::InProcess | Self::Loopback => true,
            Self::Secret(secret) => {
                let mut sent = headers.get_all(GATEWAY_SECRET).iter();
                let first = sent.next();
                let same = |value: &[u8]| verify_slices_are_equal(value, secret.as_bytes()).is_ok();
                sent.next().is_none() && first.is_some_and(|value| same(value.as_bytes()))
            }
            Self::Nobody => false,
        }
    }

    /// What the log should warn of at start.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::InProcess | Self::Secret(_) => None,
            Self::Loopback => Some(
                "GATEWAY_SECRET is not set: any program of this machine can be any user by sending X-User-Id. \
                 Set it here and in gateway.toml where others have accounts on this machine.",
            ),
            Self::Nobody => Some(
                "GATEWAY_SECRET is not set and HOST is not a loopback address: X-User-Id is not believed, so \
                 that no caller of the gateway is known here. Set it here and in gateway.toml.",
            ),
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProcess => "InProcess",
            Self::Secret(_) => "Secret(***)",
            Self::Loopback => "Loopback",
            Self::Nobody => "Nobody",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_the_gateway_is_believed() {
        fn check(trust: &Trust, sent: &[&'static str], expected: bool) {
            let fields = sent.iter().map(|value| (GATEWAY_SECRET, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            fields.for_each(|(name, value)| {
                headers.append(name, value);
            });
            assert_eq!(trust.holds(&headers), expected, "{sent:?}");
        }
        let local = "127.0.0.1".parse().unwrap();
        let any = "0.0.0.0".parse().unwrap();
        check(&Trust::by(None, local), &[], true);
        check(&Trust::by(None, any), &[], false);
        let secret = Trust::by(Some("s3cret"), any);
        check(&secret, &["s3cret"], true);
        check(&secret, &[], false);
        check(&secret, &["s3cre"], false);
        check(&secret, &["s3cret", "s3cret"], false);
        check(&Trust::by(Some("s3cret"), local), &[], false);
        check(&Trust::InProcess, &[], true);
    }
}
