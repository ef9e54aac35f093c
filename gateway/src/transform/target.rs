//! The target that an upstream sees: the path that was matched, rewritten where the route says so, and the query byte
//! for byte.
use std::borrow::Cow;

use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};

use crate::{
    config::StripPrefix,
    route::{Params, Rewrite},
};

/// A path and what a route's pattern found in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matched<'p> {
    /// Normalised.
    pub(crate) path: &'p str,
    /// How many bytes of it the pattern covers.
    pub(crate) length: usize,
    /// What the pattern captured.
    pub(crate) params: &'p Params,
}

/// What a path becomes under a route's rules; always begins with `/`.
pub(crate) fn forwarded_path<'p>(strip: &StripPrefix, rewrite: Option<&Rewrite>, matched: Matched<'p>) -> Cow<'p, str> {
    let path = matched.path;
    if let Some(rewrite) = rewrite {
        return Cow::Owned(rewrite.apply(path, matched.params));
    }
    let rest = match strip {
        StripPrefix::Nothing => return Cow::Borrowed(path),
        StripPrefix::Matched => &path[matched.length..],
        StripPrefix::Text(prefix) => match path.strip_prefix(prefix.trim_end_matches('/')) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => path,
        },
    };
    if rest.starts_with('/') { Cow::Borrowed(rest) } else { Cow::Owned(format!("/{rest}")) }
}

/// `uri` with another path and its own query.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Uri {
    let mut target = Vec::with_capacity(path.len() + 1 + uri.query().map_or(0, str::len));
    target.extend_from_slice(path.as_bytes());
    if let Some(query) = uri.query() {
        target.push(b'?');
        target.extend_from_slice(query.as_bytes());
    }
    // A rewrite can only compose what was a path before; were it not one, the old target is the safe answer.
    PathAndQuery::from_maybe_shared(Bytes::from(target)).map_or_else(|_| uri.clone(), Uri::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(strip: &StripPrefix, path: &str, matched: usize, expected: &str) {
        let matched = Matched { path, length: matched, params: &Params::default() };
        assert_eq!(forwarded_path(strip, None, matched), expected, "{strip:?} {path}");
    }

    #[test]
    fn a_prefix_is_stripped_by_whole_segments() {
        let text = |text: &str| StripPrefix::Text(text.into());
        check(&StripPrefix::Nothing, "/api/users", 4, "/api/users");
        check(&StripPrefix::Matched, "/api/users", 4, "/users");
        check(&StripPrefix::Matched, "/api", 4, "/");
        check(&StripPrefix::Matched, "/", 1, "/");
        check(&text("/api"), "/api/users", 0, "/users");
        check(&text("/api/"), "/api/users", 0, "/users");
        check(&text("/api"), "/apis", 0, "/apis");
        check(&text("/api"), "/api", 0, "/");
    }

    #[test]
    fn the_query_stays_byte_for_byte() {
        let uri = Uri::from_static("/a%2Db?x=%2f&&y='%zz'");
        assert_eq!(with_path(&uri, "/c"), "/c?x=%2f&&y='%zz'");
    }
}
