//! The stable name of each reason, for programs: in the answer, in the log line and in the metric's label.
use super::{Rejection, TokenFault};

/// Declares [`CODES`] and which reason has which, from one list.
macro_rules! codes {
    ( $( $code:ident : $reason:pat, )+ ) => {
        /// Every code, in the order of [`Rejection::index`]; stable once published.
        pub(crate) const CODES: [&str; [$( stringify!($code) ),+].len()] = [$( stringify!($code) ),+];

        /// The place of each in [`CODES`].
        #[allow(non_camel_case_types, reason = "a code is written as clients see it")]
        enum Place { $( $code ),+ }

        impl Rejection {
            /// The place of its code in [`CODES`].
            pub(crate) fn index(&self) -> usize {
                let place = match self { $( $reason => Place::$code, )+ };
                place as usize
            }
        }
    };
}

// A new one comes last.
codes! {
    bad_request: Rejection::BadRequest(_),
    path_invalid: Rejection::PathInvalid(_),
    host_invalid: Rejection::HostInvalid(_),
    header_missing: Rejection::HeaderMissing { .. },
    token_missing: Rejection::Unauthorized(TokenFault::Missing),
    token_malformed: Rejection::Unauthorized(TokenFault::Malformed),
    token_signature: Rejection::Unauthorized(TokenFault::Signature),
    token_algorithm: Rejection::Unauthorized(TokenFault::Algorithm),
    token_expired: Rejection::Unauthorized(TokenFault::Expired),
    token_not_yet_valid: Rejection::Unauthorized(TokenFault::NotYetValid),
    token_issuer: Rejection::Unauthorized(TokenFault::Issuer),
    token_audience: Rejection::Unauthorized(TokenFault::Audience),
    token_key_unknown: Rejection::Unauthorized(TokenFault::KeyUnknown),
    api_key_unknown: Rejection::Unauthorized(TokenFault::ApiKey),
    scope_missing: Rejection::ScopeMissing { .. },
    cors_denied: Rejection::CorsDenied,
    no_route: Rejection::NoRoute,
    method_not_allowed: Rejection::MethodNotAllowed { .. },
    request_timeout: Rejection::RequestTimeout,
    body_too_large: Rejection::BodyTooLarge { .. },
    uri_too_long: Rejection::UriTooLong { .. },
    content_type_unsupported: Rejection::ContentTypeUnsupported { .. } | Rejection::ContentCodingUnsupported,
    expectation_failed: Rejection::ExpectationFailed,
    body_invalid: Rejection::BodyInvalid { .. },
    rate_limited: Rejection::RateLimited { .. },
    headers_too_large: Rejection::HeadersTooLarge,
    upstream_panicked: Rejection::UpstreamPanicked,
    upstream_connect_refused: Rejection::UpstreamConnectRefused,
    upstream_reset: Rejection::UpstreamReset,
    upstream_protocol: Rejection::UpstreamProtocol,
    upstream_dns: Rejection::UpstreamDns,
    keys_unavailable: Rejection::KeysUnavailable,
    forward_auth_unavailable: Rejection::ForwardAuthUnavailable,
    no_healthy_upstream: Rejection::NoHealthyUpstream,
    circuit_open: Rejection::CircuitOpen { .. },
    overloaded: Rejection::Overloaded,
    upstream_connect_timeout: Rejection::UpstreamConnectTimeout,
    upstream_timeout: Rejection::UpstreamTimeout,
    client_closed: Rejection::ClientClosed,
    misdirected_request: Rejection::MisdirectedRequest,
    upstream_tls: Rejection::UpstreamTls,
    tunnel_idle: Rejection::TunnelIdle,
    protocol_unsupported: Rejection::ProtocolUnsupported,
}

impl Rejection {
    /// The stable name, in [`CODES`]: it stands in the answer, in the log line and in the metric's label.
    pub(crate) fn code(&self) -> &'static str {
        CODES[self.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_every_code_with_its_status() {
        let readme = include_str!("../../../README.md");
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| ")).collect();
        for code in CODES {
            let told = rows.iter().filter(|row| row.split(" | ").nth(1) == Some(&format!("`{code}`"))).count();
            assert_eq!(told, 1, "README.md, Error codes: {code}");
        }
        let row = |rejection: &Rejection| format!("| {} | `{}` |", rejection.status().as_u16(), rejection.code());
        for rejection in [
            Rejection::UpstreamPanicked,
            Rejection::UpstreamConnectRefused,
            Rejection::UpstreamTimeout,
            Rejection::NoHealthyUpstream,
            Rejection::CircuitOpen { retry_after: 1 },
            Rejection::Overloaded,
            Rejection::ClientClosed,
        ] {
            assert!(readme.contains(&row(&rejection)), "{}", row(&rejection));
        }
    }
}
