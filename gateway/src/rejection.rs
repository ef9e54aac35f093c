//! Why the gateway answers a request itself: one variant a reason, each with its stable code, its status and the side
//! at fault. Stages return these; only `respond` makes an answer of them.
//!
//! What is said of each is elsewhere: `code` to programs, `detail` to people, `proxy_status` to what stands between.
mod body_fault;
mod code;
mod detail;
mod proxy_status;
mod token_fault;

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode};

pub(crate) use body_fault::BodyFault;
pub(crate) use code::CODES;
pub(crate) use token_fault::API_KEY_CHALLENGE;
pub use token_fault::TokenFault;

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
}
