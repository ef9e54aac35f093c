//! Routes and requests in one line, for tests.
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::route::{HeaderCondition, HostPattern, Query, QueryCondition, RoutePattern};

/// `GET /users @api.example.com X-Version:2 ?debug=*`: a `match` string, then a host, header fields, query parameters.
pub(super) fn route(line: &str) -> RoutePattern {
    let is_part = |word: &&str| word.starts_with(['@', '?']) || word.contains(':');
    let text: Vec<_> = line.split(' ').filter(|word| !is_part(word)).collect();
    let mut pattern = RoutePattern::parse(&text.join(" ")).unwrap();
    for word in line.split(' ').filter(is_part) {
        if let Some(host) = word.strip_prefix('@') {
            pattern.host = Some(HostPattern::parse(host).unwrap());
        } else if let Some((name, value)) = word.strip_prefix('?').and_then(|pair| pair.split_once('=')) {
            pattern.query.push(QueryCondition::parse(name, value).unwrap());
        } else {
            let (name, value) = word.split_once(':').unwrap();
            pattern.headers.push(HeaderCondition::parse(name, value).unwrap());
        }
    }
    pattern
}

/// `GET /users?debug @api.example.com X-Version:2`: a method and a target, then the host and header fields.
pub(super) struct Request {
    method: Method,
    host: String,
    target: String,
    headers: HeaderMap,
}

pub(super) fn request(line: &str) -> Request {
    let mut words = line.split(' ');
    let method = words.next().unwrap().parse().unwrap();
    let target = words.next().unwrap().to_owned();
    let mut request = Request { method, host: "localhost".to_owned(), target, headers: HeaderMap::new() };
    for word in words {
        if let Some(host) = word.strip_prefix('@') {
            request.host = host.to_owned();
        } else {
            let (name, value) = word.split_once(':').unwrap();
            let name = HeaderName::try_from(name).unwrap();
            request.headers.append(name, HeaderValue::from_str(value).unwrap());
        }
    }
    request
}

impl Request {
    pub(super) fn query(&self) -> Query<'_> {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        Query { method: &self.method, host: &self.host, path, query, headers: &self.headers }
    }
}
