//! The stable name of each reason, for programs: in the answer, in the log line and in the metric's label.
use super::{Rejection, TokenFault};

/// Every code, in the order of [`Rejection::index`]; stable once published.
pub(crate) const CODES: [&str; 43] = [
    "bad_request",
    "path_invalid",
    "host_invalid",
    "header_missing",
    "token_missing",
    "token_malformed",
    "token_signature",
    "token_algorithm",
    "token_expired",
    "token_not_yet_valid",
    "token_issuer",
    "token_audience",
    "token_key_unknown",
    "api_key_unknown",
    "scope_missing",
    "cors_denied",
    "no_route",
    "method_not_allowed",
    "request_timeout",
    "body_too_large",
    "uri_too_long",
    "content_type_unsupported",
    "expectation_failed",
    "body_invalid",
    "rate_limited",
    "headers_too_large",
    "upstream_panicked",
    "upstream_connect_refused",
    "upstream_reset",
    "upstream_protocol",
    "upstream_dns",
    "keys_unavailable",
    "forward_auth_unavailable",
    "no_healthy_upstream",
    "circuit_open",
    "overloaded",
    "upstream_connect_timeout",
    "upstream_timeout",
    "client_closed",
    "misdirected_request",
    "upstream_tls",
    "tunnel_idle",
    "protocol_unsupported",
];

impl Rejection {
    /// The stable name, in [`CODES`]: it stands in the answer, in the log line and in the metric's label.
    pub(crate) fn code(&self) -> &'static str {
        CODES[self.index()]
    }

    /// The place of its code in [`CODES`].
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::BadRequest(_) => 0,
            Self::PathInvalid(_) => 1,
            Self::HostInvalid(_) => 2,
            Self::HeaderMissing { .. } => 3,
            Self::Unauthorized(TokenFault::Missing) => 4,
            Self::Unauthorized(TokenFault::Malformed) => 5,
            Self::Unauthorized(TokenFault::Signature) => 6,
            Self::Unauthorized(TokenFault::Algorithm) => 7,
            Self::Unauthorized(TokenFault::Expired) => 8,
            Self::Unauthorized(TokenFault::NotYetValid) => 9,
            Self::Unauthorized(TokenFault::Issuer) => 10,
            Self::Unauthorized(TokenFault::Audience) => 11,
            Self::Unauthorized(TokenFault::KeyUnknown) => 12,
            Self::Unauthorized(TokenFault::ApiKey) => 13,
            Self::ScopeMissing { .. } => 14,
            Self::CorsDenied => 15,
            Self::NoRoute => 16,
            Self::MethodNotAllowed { .. } => 17,
            Self::RequestTimeout => 18,
            Self::BodyTooLarge { .. } => 19,
            Self::UriTooLong { .. } => 20,
            Self::ContentTypeUnsupported { .. } | Self::ContentCodingUnsupported => 21,
            Self::ExpectationFailed => 22,
            Self::BodyInvalid { .. } => 23,
            Self::RateLimited { .. } => 24,
            Self::HeadersTooLarge => 25,
            Self::UpstreamPanicked => 26,
            Self::UpstreamConnectRefused => 27,
            Self::UpstreamReset => 28,
            Self::UpstreamProtocol => 29,
            Self::UpstreamDns => 30,
            Self::KeysUnavailable => 31,
            Self::ForwardAuthUnavailable => 32,
            Self::NoHealthyUpstream => 33,
            Self::CircuitOpen { .. } => 34,
            Self::Overloaded => 35,
            Self::UpstreamConnectTimeout => 36,
            Self::UpstreamTimeout => 37,
            Self::ClientClosed => 38,
            Self::MisdirectedRequest => 39,
            Self::UpstreamTls => 40,
            Self::TunnelIdle => 41,
            Self::ProtocolUnsupported => 42,
        }
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
