//! Cookies by which the gateway knows a client again (RFC 6265).
use http::{HeaderMap, HeaderValue, Response, header};

use crate::body::Body;

/// The value of the first cookie of this name that a request has (§5.4).
pub(crate) fn find<'f>(fields: &'f HeaderMap, name: &str) -> Option<&'f [u8]> {
    let values = fields.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let mut pairs = values.flat_map(|value| value.split(|&byte| byte == b';'));
    pairs.find_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// A cookie for a client that came by `scheme`, until it forgets: no script reads it, no other site sends it along. `None`
/// where `value` is none.
pub(crate) fn new(name: &str, value: &str, scheme: &str) -> Option<HeaderValue> {
    let secure = if scheme == "https" { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// Gives the client a cookie, unless the service has given it one of that name.
pub(crate) fn give(cookie: HeaderValue, response: &mut Response<Body>) {
    let name = |value: &HeaderValue| value.as_bytes().split(|&byte| byte == b'=').next().map(<[u8]>::to_vec);
    let ours = name(&cookie);
    let fields = response.headers_mut();
    if !fields.get_all(header::SET_COOKIE).iter().any(|theirs| name(theirs) == ours) {
        fields.append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let check = |written: &[&'static str], expected: Option<&str>| {
            let fields = written.iter().map(|value| (header::COOKIE, value.parse().unwrap())).collect();
            assert_eq!(find(&fields, "sid"), expected.map(str::as_bytes), "{written:?}");
        };
        check(&["sid=7"], Some("7"));
        check(&["a=1; sid=7; b=2"], Some("7"));
        check(&["a=1", "b=2;sid=x=y"], Some("x=y"));
        check(&["xsid=7; sidx=8"], None);
        check(&[], None);
    }

    #[test]
    fn one_is_secure_where_the_connection_is() {
        assert_eq!(new("a", "7", "http").unwrap(), "a=7; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(new("a", "7", "https").unwrap(), "a=7; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_service_that_sets_the_cookie_has_the_last_word() {
        let check = |theirs: &'static str, expected: &[&str]| {
            let mut response = Response::new(Body::empty());
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(theirs));
            give(HeaderValue::from_static("share=7; Path=/"), &mut response);
            let all: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().collect();
            assert_eq!(all, expected, "{theirs}");
        };
        check("shares=8", &["shares=8", "share=7; Path=/"]);
        check("share=8; Path=/a", &["share=8; Path=/a"]);
    }
}
