//! What a client is told, in a sentence.
use std::borrow::Cow;

use super::{BodyFault, Rejection};

impl Rejection {
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
}
