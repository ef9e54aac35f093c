use http::{HeaderMap, HeaderValue, Method};

use super::{Params, RoutePattern};

/// What of a request decides its route.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The method.
    pub method: &'a Method,
    /// The host of the target or else of `Host`: lower case, without port, an IPv6 address in its brackets. A last dot
    /// (`example.com.`) makes no difference.
    pub host: &'a str,
    /// The path, [normalised](crate::path::normalise).
    pub path: &'a str,
    /// What follows the first `?`, if there is one, as it came.
    pub query: Option<&'a str>,
    /// The header fields, as they came.
    pub headers: &'a HeaderMap,
}

/// The route that a request takes.
#[derive(Debug, Clone)]
pub struct Found<'t, T> {
    /// What the table was built with for this route.
    pub value: &'t T,
    /// The route itself.
    pub pattern: &'t RoutePattern,
    /// Bytes of the path that the pattern covers (what `strip_prefix = true` removes): up to the end of its last
    /// segment for a prefix, so 0 for `/`; all of it for an exact path and a regular expression.
    pub matched: usize,
    /// What its `{name}`s, or its expression's groups, took.
    pub params: Params,
}

/// Why a request takes no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// 404 `no_route`: no route has this path, or one that has it asks for more than another method.
    NoRoute,
    /// 405 `method_not_allowed`: some routes have this path, and each of them missed by its method only.
    MethodNotAllowed {
        /// The field `Allow` (RFC 9110 §10.2.1): the methods of all those routes, sorted, HEAD beside GET.
        allow: HeaderValue,
    },
}
