//! A route: what a request must look like, and what is asked of it and done with it.
use std::sync::Arc;

use http::HeaderName;

use super::{
    AuthMode, CacheRules, Coding, Fallback, ForwardAuth, HeaderRules, Hedge, Mirror, RateLimit, Redirect, Retry, Split,
    UpstreamTimeouts,
};
use crate::{
    permit::{
        cors::Cors,
        validation::{BodySchema, ContentTypes},
    },
    route::{Rewrite, RoutePattern},
};

/// One route of a service, with all that it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// What a request must look like.
    pub pattern: RoutePattern,
    /// Its conditions and its rewrite as the file has them, for people.
    pub written: Written,
    /// Removed from the path's front before it is sent.
    pub strip_prefix: StripPrefix,
    /// Replaces the path before it is sent; never together with [`Route::strip_prefix`].
    pub rewrite: Option<Rewrite>,
    /// Where its clients are sent, in place of the service.
    pub redirect: Option<Redirect>,
    /// The services among which its requests are divided, in place of its own.
    pub split: Option<Split>,
    /// The service that gets copies of its requests.
    pub mirror: Option<Mirror>,
    /// What its clients get where the service gives no answer.
    pub fallback: Option<Fallback>,
    /// How long its upstreams may take.
    pub timeouts: UpstreamTimeouts,
    /// When a request is sent again; none: never.
    pub retry: Option<Retry>,
    /// When it is sent to another upstream as well; none: never.
    pub hedge: Option<Hedge>,
    /// The largest request body, in bytes. Default [`Limits::body`](super::Limits::body).
    pub max_body: u64,
    /// Whether a caller must say who it is. Default: required once the file has anything to check that with, else none.
    pub auth: AuthMode,
    /// What a caller's credential must all permit. Default nothing; always nothing with [`AuthMode::None`].
    pub scopes: Vec<Box<str>>,
    /// The innermost limit: the route's, its service's or the file's; none where it is off.
    pub rate_limit: Option<RateLimit>,
    /// What pages of other origins may do. Default nothing.
    pub cors: Option<Arc<Cors>>,
    /// The types of body that are taken. Default any.
    pub content_types: Option<Arc<ContentTypes>>,
    /// Fields that a request must have. Default none.
    pub required_headers: Arc<[HeaderName]>,
    /// What a body must be.
    pub schema: Option<Arc<BodySchema>>,
    /// Done to the request's fields, after the gateway's own are written.
    pub request_headers: HeaderRules,
    /// Done to the answer's fields.
    pub response_headers: HeaderRules,
    /// How its answers are stored; none: not at all.
    pub cache: Option<CacheRules>,
    /// The codings that its answers may be compressed in, the best first. Default none.
    pub compress: Arc<[Coding]>,
    /// Who is asked whether a request may pass.
    pub forward_auth: Option<ForwardAuth>,
}

/// What a route's parsed forms no longer say, as the file has it: references such as `${NAME}` are not filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Written {
    /// `headers`: names and conditions.
    pub headers: Vec<(String, String)>,
    /// `query`: names and conditions.
    pub query: Vec<(String, String)>,
    /// `rewrite`.
    pub rewrite: Option<String>,
}

/// `strip_prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripPrefix {
    /// Absent or `false`.
    Nothing,
    /// `true`: what the pattern matched.
    Matched,
    /// This text, a prefix of whole segments; a path that does not begin with it is sent as it is.
    Text(String),
}
