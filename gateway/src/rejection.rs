//! Why the gateway answers a request itself: one variant a reason, each with its stable code, its status and the side
//! at fault. Stages return these; only `respond` makes an answer of them.
use std::borrow::Cow;

use http::{HeaderValue, StatusCode};

/// A request that is not answered by an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// 400: the head or the body breaks HTTP's grammar, or could be read in two ways.
    BadRequest(Cow<'static, str>),
    /// 400: a path that could mean two things, or none.
    PathInvalid(Cow<'static, str>),
    /// 400: no Host, several, or one that names no host.
    HostInvalid(Cow<'static, str>),
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
    /// 417: an `Expect` other than `100-continue`.
    ExpectationFailed,
    /// 431: too large a head, or too many fields.
    HeadersTooLarge,
    /// 502: the upstream's host refused the connection.
    UpstreamConnectRefused,
    /// 502: the upstream closed or reset the connection before its answer was whole.
    UpstreamReset,
    /// 502: what the upstream sent is not HTTP/1.1.
    UpstreamProtocol,
    /// 502: the upstream's name has no address.
    UpstreamDns,
    /// 503: every upstream of the service is unhealthy.
    NoHealthyUpstream,
    /// 504: no connection within `timeouts.connect`.
    UpstreamConnectTimeout,
    /// 504: no answer within `timeouts.request`.
    UpstreamTimeout,
    /// 499, in the log only: the client went away.
    ClientClosed,
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
            Self::NoRoute => 3,
            Self::MethodNotAllowed { .. } => 4,
            Self::RequestTimeout => 5,
            Self::BodyTooLarge { .. } => 6,
            Self::UriTooLong { .. } => 7,
            Self::ExpectationFailed => 8,
            Self::HeadersTooLarge => 9,
            Self::UpstreamConnectRefused => 10,
            Self::UpstreamReset => 11,
            Self::UpstreamProtocol => 12,
            Self::UpstreamDns => 13,
            Self::NoHealthyUpstream => 14,
            Self::UpstreamConnectTimeout => 15,
            Self::UpstreamTimeout => 16,
            Self::ClientClosed => 17,
        }
    }

    /// The status that the client gets; 499 is only ever logged.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::PathInvalid(_) | Self::HostInvalid(_) => StatusCode::BAD_REQUEST,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UpstreamConnectRefused | Self::UpstreamReset | Self::UpstreamProtocol | Self::UpstreamDns => {
                StatusCode::BAD_GATEWAY
            }
            Self::NoHealthyUpstream => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamConnectTimeout | Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::ClientClosed => StatusCode::from_u16(499).expect("499 is a three-digit status"),
        }
    }

    /// One sentence for the client: what was wrong and what would be right. Nothing of an upstream's inside.
    pub(crate) fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::BadRequest(why) | Self::PathInvalid(why) | Self::HostInvalid(why) => why.clone(),
            Self::NoRoute => "No route matches this host, path, method and fields.".into(),
            Self::MethodNotAllowed { allow } => {
                format!("This path takes {}.", allow.to_str().unwrap_or("other methods")).into()
            }
            Self::RequestTimeout => "The request did not arrive in time.".into(),
            Self::BodyTooLarge { limit } => format!("The body is longer than the {limit} bytes allowed here.").into(),
            Self::UriTooLong { limit } => format!("The target is longer than the {limit} bytes allowed.").into(),
            Self::ExpectationFailed => "The only expectation that is met here is 100-continue.".into(),
            Self::HeadersTooLarge => "The head is larger, or has more fields, than is allowed.".into(),
            Self::UpstreamConnectRefused => "The service refused the connection.".into(),
            Self::UpstreamReset => "The service closed the connection before its answer was whole.".into(),
            Self::UpstreamProtocol => "The service answered with something that is not HTTP.".into(),
            Self::UpstreamDns => "The service's name has no address.".into(),
            Self::NoHealthyUpstream => "No instance of the service is healthy. Try again shortly.".into(),
            Self::UpstreamConnectTimeout => "The service could not be reached in time.".into(),
            Self::UpstreamTimeout => "The service did not answer in time.".into(),
            Self::ClientClosed => "The client closed the connection.".into(),
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
            | Self::ClientClosed => "http_request_error",
            Self::NoRoute => "destination_not_found",
            Self::UpstreamConnectRefused => "connection_refused",
            Self::UpstreamReset => "connection_terminated",
            Self::UpstreamProtocol => "http_protocol_error",
            Self::UpstreamDns => "dns_error",
            Self::NoHealthyUpstream => "destination_unavailable",
            Self::UpstreamConnectTimeout => "connection_timeout",
            Self::UpstreamTimeout => "http_response_timeout",
        }
    }
}

/// Every code, in the order of [`Rejection::index`]; stable once published.
pub(crate) const CODES: [&str; 18] = [
    "bad_request",
    "path_invalid",
    "host_invalid",
    "no_route",
    "method_not_allowed",
    "request_timeout",
    "body_too_large",
    "uri_too_long",
    "expectation_failed",
    "headers_too_large",
    "upstream_connect_refused",
    "upstream_reset",
    "upstream_protocol",
    "upstream_dns",
    "no_healthy_upstream",
    "upstream_connect_timeout",
    "upstream_timeout",
    "client_closed",
];
