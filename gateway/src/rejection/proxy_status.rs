//! What other intermediaries are told.
use super::Rejection;

impl Rejection {
    /// The error type of `Proxy-Status` (RFC 9209 §2.3) that says the same.
    pub(crate) fn proxy_error(&self) -> &'static str {
        match self {
            Self::BadRequest(_)
            | Self::PathInvalid(_)
            | Self::HostInvalid(_)
            | Self::MethodNotAllowed { .. }
            | Self::RequestTimeout
            | Self::BodyTooLarge { .. }
            | Self::UriTooLong { .. }
            | Self::ExpectationFailed
            | Self::HeadersTooLarge
            | Self::HeaderMissing { .. }
            | Self::ContentTypeUnsupported { .. }
            | Self::ContentCodingUnsupported
            | Self::BodyInvalid { .. }
            | Self::MisdirectedRequest
            | Self::ClientClosed
            | Self::TunnelIdle
            | Self::ProtocolUnsupported => "http_request_error",
            Self::Unauthorized(_) | Self::ScopeMissing { .. } | Self::CorsDenied | Self::RateLimited { .. } => {
                "http_request_denied"
            }
            Self::NoRoute => "destination_not_found",
            Self::UpstreamConnectRefused => "connection_refused",
            Self::UpstreamReset => "connection_terminated",
            Self::UpstreamProtocol => "http_protocol_error",
            Self::UpstreamDns => "dns_error",
            // RFC 9209 §2.3.15 to §2.3.17 tell more, which would be the upstream's inside.
            Self::UpstreamTls => "tls_protocol_error",
            Self::KeysUnavailable | Self::ForwardAuthUnavailable | Self::UpstreamPanicked => "proxy_internal_error",
            Self::NoHealthyUpstream | Self::CircuitOpen { .. } => "destination_unavailable",
            Self::Overloaded => "connection_limit_reached",
            Self::UpstreamConnectTimeout => "connection_timeout",
            Self::UpstreamTimeout => "http_response_timeout",
        }
    }
}
