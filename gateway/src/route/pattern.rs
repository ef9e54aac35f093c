//! A route as an operator writes it: `"[METHOD[,METHOD]] /path"`, parsed once.
use http::Method;

use super::{condition::HeaderCondition, condition::QueryCondition, host::HostPattern};

mod expression;
mod fault;
pub(super) mod language;
mod methods;
mod path;
mod regex;
#[cfg(test)]
mod tests;
mod text;

pub use fault::PatternFault;
pub use path::PathPattern;
pub(super) use path::{Segment, Shape};
pub(super) use regex::Anchored;
pub(super) use text::check_literal;

/// What a request must look like to take a route: all of it must hold.
///
/// [`RoutePattern::parse`] reads the `match` string; the host and the conditions stand in keys of their own in
/// `gateway.toml`, so they start out empty and are filled in by whoever reads those keys.
#[derive(Debug, Clone)]
pub struct RoutePattern {
    /// The `match` string as written: `GET,POST /users/{id}$`.
    pub text: String,
    /// Any of these; empty: every method. GET brings HEAD with it, nothing brings OPTIONS.
    pub methods: Vec<Method>,
    /// The host asked for; none: every host.
    pub host: Option<HostPattern>,
    /// The path asked for.
    pub path: PathPattern,
    /// Header fields that must hold, all of them.
    pub headers: Vec<HeaderCondition>,
    /// Query parameters that must hold, all of them.
    pub query: Vec<QueryCondition>,
}

/// Methods and path are what the text says.
impl PartialEq for RoutePattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.host, &self.headers, &self.query) == (&other.text, &other.host, &other.headers, &other.query)
    }
}

impl RoutePattern {
    /// Reads a `match` string.
    ///
    /// | written | is |
    /// |---|---|
    /// | `/users` | a prefix of whole segments: `/users`, `/users/`, `/users/7`, not `/usersx`; same as `/users/` |
    /// | `/` | every path |
    /// | `/users$` | exactly `/users`, not `/users/` |
    /// | `/users/$` | exactly `/users/` |
    /// | `/users/{id}` | `{id}` is one segment that is not empty |
    /// | `~/v[12]/.*` | a regular expression, anchored to the whole path |
    /// | `GET,POST /users` | only these methods |
    ///
    /// Literal text is compared with the normalised path byte by byte, so it must be written in that form
    /// ([`crate::path::normalise`]). What the short form cannot say (a last segment that ends in a literal
    /// `$`, one that is `*` or begins with `:`), a regular expression can.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let (methods, start) = methods::parse(text)?;
        let path = PathPattern::parse(&text[start..]).map_err(|fault| fault.moved(start))?;
        Ok(Self { text: text.to_owned(), methods, host: None, path, headers: Vec::new(), query: Vec::new() })
    }
}
