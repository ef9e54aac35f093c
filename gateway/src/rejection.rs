//! Why the gateway answers a request itself: one variant a reason, each with its stable code, its status and the side
//! at fault. Stages return these; only `respond` makes an answer of them.
use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// A request that is not answered by an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// 400: the head or the body breaks HTTP's grammar, or could be read in two ways.
    BadRequest(Cow<'static, str>),
    /// 400: a path that could mean two things, or none.
    PathInvalid(Cow<'static, str>),
    /// 400: no Host, several, or one that names no host.
    HostInvalid(Cow<'static, str>),
    /// 400: a field that the route asks for is not there.
    HeaderMissing {
        /// Its name.
        name: HeaderName,
    },
    /// 401: no credential, or not a good one.
    Unauthorized(TokenFault),
    /// 403: the caller is known and may not do this.
    ScopeMissing {
        /// The first scope that the caller has not.
        needed: Box<str>,
    },
    /// 403: the policy grants this cross-origin request nothing.
    CorsDenied,
    /// 404: nothing in the file matches.
    NoRoute,
    /// 405: a path matched and no route of it takes this method.
    MethodNotAllowed {
        /// The methods that it does take: `GET, HEAD`.
        allow: HeaderValue,
    },
    /// 408: the client took too long over its head or its body.
    RequestTimeout,
    /// 413: the body is longer than the route's limit, in bytes.
    BodyTooLarge {
        /// That limit.
        limit: u64,
    },
    /// 414: the target is longer than the limit, in bytes.
    UriTooLong {
        /// That limit.
        limit: usize,
    },
    /// 415: a body of a type that the route does not take.
    ContentTypeUnsupported {
        /// Those that it takes: `application/json, text/plain`.
        allowed: HeaderValue,
    },
    /// 415: a compressed body, where the body is to be checked.
    ContentCodingUnsupported,
    /// 417: an `Expect` other than `100-continue`.
    ExpectationFailed,
    /// 421: a Host that the connection's certificate is not for, where clients show certificates (RFC 9110 §15.5.20).
    MisdirectedRequest,
    /// 422: the body is not what the route's schema asks for.
    BodyInvalid {
        /// The first of its faults, at least one.
        faults: Box<[BodyFault]>,
    },
    /// 429: the limit is used up.
    RateLimited {
        /// Seconds until one more request is let through.
        retry_after: u32,
    },
    /// 431: too large a head, or too many fields.
    HeadersTooLarge,
    /// 500: the service, which runs in this process, panicked.
    UpstreamPanicked,
    /// 502: the upstream's host refused the connection.
    UpstreamConnectRefused,
    /// 502: the upstream closed or reset the connection before its answer was whole.
    UpstreamReset,
    /// 502: what the upstream sent is not HTTP/1.1.
    UpstreamProtocol,
    /// 502: the upstream's name has no address.
    UpstreamDns,
    /// 502: no TLS with the upstream: most often its certificate is not trusted.
    UpstreamTls,
    /// 503: no key is known yet that could vouch for a token.
    KeysUnavailable,
    /// 503: the authoriser gave no answer.
    ForwardAuthUnavailable,
    /// 503: every upstream of the service is unhealthy.
    NoHealthyUpstream,
    /// 503: the upstreams of the service that are healthy are shut out by their circuits.
    CircuitOpen {
        /// Seconds until one of them is tried again.
        retry_after: u64,
    },
    /// 503: every upstream is at work on as much as it may be.
    Overloaded,
    /// 504: no connection within `timeouts.connect`.
    UpstreamConnectTimeout,
    /// 504: no answer within `timeouts.request`.
    UpstreamTimeout,
    /// 499, in the log only: the client went away.
    ClientClosed,
    /// 101, in the log only: nothing moved in a tunnel for `timeouts.tunnel_idle`.
    TunnelIdle,
    /// 501: a protocol over HTTP/2's CONNECT that is no WebSocket (RFC 8441 §4).
    ProtocolUnsupported,
}

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

    /// The status that the client gets; 499 is only ever logged.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::PathInvalid(_) | Self::HostInvalid(_) | Self::HeaderMissing { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing { .. } | Self::CorsDenied => StatusCode::FORBIDDEN,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::ContentTypeUnsupported { .. } | Self::ContentCodingUnsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
            Self::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
            Self::BodyInvalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UpstreamPanicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UpstreamConnectRefused
            | Self::UpstreamReset
            | Self::UpstreamProtocol
            | Self::UpstreamDns
            | Self::UpstreamTls => StatusCode::BAD_GATEWAY,
            Self::KeysUnavailable
            | Self::ForwardAuthUnavailable
            | Self::NoHealthyUpstream
            | Self::CircuitOpen { .. }
            | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamConnectTimeout | Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::TunnelIdle => StatusCode::SWITCHING_PROTOCOLS,
            Self::ProtocolUnsupported => StatusCode::NOT_IMPLEMENTED,
            Self::ClientClosed => StatusCode::from_u16(499).expect("499 is a three-digit status"),
        }
    }

    /// Whether the upstream is to blame, and not the client or the gateway.
    pub(crate) fn is_upstreams(&self) -> bool {
        matches!(
            self,
            Self::UpstreamPanicked
                | Self::UpstreamConnectRefused
                | Self::UpstreamReset
                | Self::UpstreamProtocol
                | Self::UpstreamDns
                | Self::UpstreamTls
                | Self::UpstreamConnectTimeout
                | Self::UpstreamTimeout
        )
    }

    /// One sentence for the client: what was wrong and what would be right. Nothing of an upstream's inside.
    pub(crate) fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::BadRequest(why) | Self::PathInvalid(why) | Self::HostInvalid(why) => why.clone(),
            Self::HeaderMissing { name } => format!("The field `{name}` is needed here.").into(),
            Self::Unauthorized(fault) => fault.detail().into(),
            Self::ScopeMissing { needed } => format!("This needs the scope `{needed}`.").into(),
            Self::CorsDenied => "This origin, method or field is not granted here.".into(),
            Self::NoRoute => "No route matches this host, path, method and fields.".into(),
            Self::MethodNotAllowed { allow } => {
                format!("This path takes {}.", allow.to_str().unwrap_or("other methods")).into()
            }
            Self::RequestTimeout => "The request did not arrive in time.".into(),
            Self::BodyTooLarge { limit } => format!("The body is longer than the {limit} bytes allowed here.").into(),
            Self::UriTooLong { limit } => format!("The target is longer than the {limit} bytes allowed.").into(),
            Self::ContentTypeUnsupported { allowed } => {
                format!("A body here is one of: {}.", allowed.to_str().unwrap_or("other types")).into()
            }
            Self::ExpectationFailed => "The only expectation that is met here is 100-continue.".into(),
            Self::ContentCodingUnsupported => "A body here is sent without a content coding.".into(),
            Self::MisdirectedRequest => {
                "This host needs a connection of its own: the certificate of this one is not for it.".into()
            }
            Self::BodyInvalid { faults } => faults.first().map_or("The body is not valid.".into(), BodyFault::sentence),
            Self::RateLimited { retry_after: 1 } => "Too many requests. Try again in a second.".into(),
            Self::RateLimited { retry_after } => {
                format!("Too many requests. Try again in {retry_after} seconds.").into()
            }
            Self::HeadersTooLarge => "The head is larger, or has more fields, than is allowed.".into(),
            Self::UpstreamPanicked => "Something went wrong inside the service.".into(),
            Self::UpstreamConnectRefused => "The service refused the connection.".into(),
            Self::UpstreamReset => "The service closed the connection before its answer was whole.".into(),
            Self::UpstreamProtocol => "The service answered with something that is not HTTP.".into(),
            Self::UpstreamTls => "The service and the gateway could not agree on TLS.".into(),
            Self::UpstreamDns => "The service's name has no address.".into(),
            Self::KeysUnavailable => {
                "The keys that tokens are checked with are not known yet. Try again shortly.".into()
            }
            Self::ForwardAuthUnavailable => "Whether this may pass could not be found out. Try again shortly.".into(),
            Self::NoHealthyUpstream => "No instance of the service is healthy. Try again shortly.".into(),
            Self::CircuitOpen { .. } => "The service has failed again and again, and rests. Try again shortly.".into(),
            Self::Overloaded => "The service is at work on all that it can take. Try again shortly.".into(),
            Self::UpstreamConnectTimeout => "The service could not be reached in time.".into(),
            Self::UpstreamTimeout => "The service did not answer in time.".into(),
            Self::ClientClosed => "The client closed the connection.".into(),
            Self::TunnelIdle => "Nothing was said for too long.".into(),
            Self::ProtocolUnsupported => "The only protocol over CONNECT is `websocket`.".into(),
        }
    }

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

/// What a caller with no API key, or a wrong one, is asked for in `WWW-Authenticate`.
pub(crate) const API_KEY_CHALLENGE: HeaderValue = HeaderValue::from_static("ApiKey realm=\"gateway\"");
/// One fault of a body, as a problem's `errors` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BodyFault {
    /// Where, as a JSON Pointer (RFC 6901): `/items/0/qty`; empty for the whole.
    pub(crate) pointer: Box<str>,
    /// What is wrong there, in words that follow its name: `must be a string`. Never the value itself.
    pub(crate) detail: Box<str>,
}

impl BodyFault {
    /// A fault of the body as such.
    pub(crate) fn of_whole(detail: impl Into<Box<str>>) -> Self {
        Self { pointer: Box::default(), detail: detail.into() }
    }

    fn sentence(&self) -> Cow<'static, str> {
        match &*self.pointer {
            "" => format!("The body {}.", self.detail).into(),
            pointer => format!("`{pointer}` of the body {}.", self.detail).into(),
        }
    }
}

impl From<BodyFault> for Rejection {
    fn from(fault: BodyFault) -> Self {
        Self::BodyInvalid { faults: Box::new([fault]) }
    }
}

/// What is wrong with a caller's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// There is none.
    Missing,
    /// It is not a token (RFC 7519 §7.2), or one that this gateway does not read.
    Malformed,
    /// The signature is not of the key that it names.
    Signature,
    /// An algorithm that the issuer's block does not list.
    Algorithm,
    /// `exp` is over.
    Expired,
    /// `nbf` or `iat` is still to come.
    NotYetValid,
    /// No block of the file is for this `iss`.
    Issuer,
    /// `aud` names somebody else.
    Audience,
    /// The issuer has no key of this `kid`.
    KeyUnknown,
    /// An API key that the file does not list.
    ApiKey,
}

impl TokenFault {
    /// One sentence of what is wrong, without quotes: it stands in `WWW-Authenticate` too.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "This needs a credential, of a kind that `WWW-Authenticate` names.",
            Self::Malformed => "The token cannot be read.",
            Self::Signature => "The token's signature is not good.",
            Self::Algorithm => "The token's algorithm is not taken here.",
            Self::Expired => "The token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Issuer => "The token's issuer is not known here.",
            Self::Audience => "The token is meant for somebody else.",
            Self::KeyUnknown => "The token's key is not known.",
            Self::ApiKey => "The API key is not known.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_every_code_with_its_status() {
        let readme = include_str!("../../README.md");
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
