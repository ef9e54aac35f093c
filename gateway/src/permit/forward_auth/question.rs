//! What an authoriser is asked: a GET with the client's fields, and what the request was for beside them.
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use super::ForwardAuth;
use crate::{
    body::Body,
    exchange::{Client, Exchange},
    h1::{client::Head, head::RawQuery},
};

impl ForwardAuth {
    /// The question about `request`, whose normalised path is `path`. What the gateway says of a request goes to an
    /// authoriser as it would to an upstream.
    pub(super) fn question(&self, request: &Request<Body>, client: &Client, path: &str, exchange: &Exchange) -> Head {
        let mut question = Request::new(());
        *question.uri_mut() = self.target.clone();
        *question.headers_mut() = request.headers().clone();
        Head::new(&mut question, |fields, out| {
            self.own.write(fields, client, exchange, out);
            keep(fields, exchange.is_trusted, self.request_headers.as_deref());
            out.put("x-forwarded-method", &[exchange.method.as_str().as_bytes()]);
            match query(request) {
                Some(query) => out.put("x-forwarded-uri", &[path.as_bytes(), b"?", query]),
                None => out.put("x-forwarded-uri", &[path.as_bytes()]),
            }
            if let Some(identity) = &exchange.identity {
                out.append(&identity.lines);
            }
        })
    }
}

/// Gateways that a request may have come through before an authoriser is asked about it.
const MAX_GATEWAYS: usize = 8;

/// Whether a request came through so many gateways that it must be going round: two whose authorisers are each other ask
/// about each question. Each writes itself into `Via`, which is there to find circles (RFC 9110 §7.6.3).
pub(super) fn is_in_a_circle(fields: &HeaderMap) -> bool {
    let members = fields.get_all(header::VIA).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    members.filter(|member| member.trim_ascii().ends_with(b" gateway")).count() >= MAX_GATEWAYS
}

/// The query, byte for byte.
fn query(request: &Request<Body>) -> Option<&[u8]> {
    let raw = || request.extensions().get::<RawQuery>().map(|RawQuery(query)| &query[..]);
    request.uri().query().map(str::as_bytes).or_else(raw)
}

/// Leaves those of the client's fields that are about the caller and his wish; of `only`, where that is given.
fn keep(fields: &mut HeaderMap<HeaderValue>, is_trusted: bool, only: Option<&[HeaderName]>) {
    let is_kept = |name: &HeaderName| !is_withheld(name, is_trusted) && only.is_none_or(|only| only.contains(name));
    let gone: Vec<HeaderName> = fields.keys().filter(|name| !is_kept(name)).cloned().collect();
    for name in gone {
        fields.remove(name);
    }
}

/// What says something of the body, which is not sent; what could make the answer another than that to the question;
/// and what an authoriser could take for the gateway's word.
fn is_withheld(name: &HeaderName, is_trusted: bool) -> bool {
    let dashed = name.as_str().replace('_', "-");
    let about_body = [header::EXPECT, header::TRAILER, header::TE, header::RANGE].iter().any(|other| *other == *dashed)
        || dashed.starts_with("content-")
        || dashed.starts_with("if-");
    let is_original = matches!(
        dashed.as_str(),
        "x-forwarded-method" | "x-forwarded-uri" | "x-original-method" | "x-original-uri" | "x-original-url"
    );
    about_body || is_original || (dashed.starts_with("x-forwarded-") && (!is_trusted || name.as_str().contains('_')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_trusted: bool, only: Option<&[&str]>, given: &[&'static str], expected: &[&str]) {
        let mut fields = HeaderMap::new();
        for name in given {
            fields.append(*name, HeaderValue::from_static("1"));
            fields.append(*name, HeaderValue::from_static("2"));
        }
        let only = only.map(|only| only.iter().map(|name| name.parse().unwrap()).collect::<Vec<HeaderName>>());
        keep(&mut fields, is_trusted, only.as_deref());
        let left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, expected, "{given:?}");
    }

    #[test]
    fn what_belongs_to_the_body_or_would_bend_the_answer_stays_here() {
        let given = ["content-type", "content-length", "expect", "te", "trailer", "range", "if-none-match", "if-range"];
        check(false, None, &given, &[]);
        check(false, None, &["cookie", "accept", "x-a"], &["cookie", "accept", "x-a"]);
    }

    #[test]
    fn what_an_authoriser_would_believe_is_the_gateways_alone() {
        let forged = ["x-forwarded-method", "x-forwarded-uri", "x_forwarded_uri", "x-original-uri", "x-original-url"];
        check(false, None, &forged, &[]);
        check(true, None, &forged, &[]);
        check(false, None, &["x-forwarded-user", "x-forwarded-port"], &[]);
        check(true, None, &["x-forwarded-port", "x_forwarded_port"], &["x-forwarded-port"]);
    }

    #[test]
    fn a_circle_is_found_by_the_gateways_that_a_request_came_through() {
        let check = |via: &[String], expected: bool| {
            let fields = via.iter().map(|via| (header::VIA, HeaderValue::try_from(via).unwrap())).collect();
            assert_eq!(is_in_a_circle(&fields), expected, "{via:?}");
        };
        let gateways = |count: usize| vec!["1.1 gateway"; count].join(", ");
        check(&[], false);
        check(&[gateways(MAX_GATEWAYS - 1)], false);
        check(&[gateways(MAX_GATEWAYS)], true);
        check(&vec![gateways(1); MAX_GATEWAYS], true);
        check(&[format!("1.1 proxy, {}", gateways(MAX_GATEWAYS - 1))], false);
        check(&vec![String::from("1.1 api-gateway"); MAX_GATEWAYS], false);
    }

    #[test]
    fn a_list_lets_nothing_else_through() {
        let only: &[&str] = &["cookie", "content-type"];
        check(false, Some(only), &["cookie", "accept", "content-type"], &["cookie"]);
        check(false, Some(&[]), &["cookie", "accept"], &[]);
    }
}
