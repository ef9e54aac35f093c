use super::*;

const LIMITS: Limits = Limits { header: 200, headers: 4, uri: 20, body: 1 << 20 };

fn parts(method: &str, uri: &str, fields: &[(&'static str, &'static str)]) -> Parts {
    let mut head = Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0;
    for (name, value) in fields {
        head.headers.append(*name, HeaderValue::from_static(value));
    }
    head
}

fn refused(method: &str, uri: &str, fields: &[(&'static str, &'static str)], code: &str) {
    let bad = read(parts(method, uri, fields), true, &LIMITS).expect_err(code);
    assert_eq!((bad.rejection.code(), bad.version), (code, Version::HTTP_2), "{method} {uri} {fields:?}");
}

fn taken(method: &str, uri: &str, fields: &[(&'static str, &'static str)], is_end: bool) -> Read {
    read(parts(method, uri, fields), is_end, &LIMITS).unwrap_or_else(|bad| panic!("{uri} {fields:?}: {bad:?}"))
}

#[test]
fn an_authority_is_the_host() {
    let check = |uri: &str, fields: &[(&'static str, &'static str)], host: &str| {
        let read = taken("GET", uri, fields, true);
        assert_eq!(read.request.headers().get("host").unwrap(), host);
        assert_eq!(read.request.uri().authority(), None);
    };
    check("http://a:80/b?c", &[], "a:80");
    check("http://a/", &[("host", "a")], "a");
    check("http://A/", &[("host", "a")], "a");
    check("/", &[("host", "a")], "a");
    check("http://[::1]:8000/", &[], "[::1]:8000");
    let two = [("host", "a"), ("host", "a")];
    for (uri, fields) in
        [("http://a/", &[("host", "b")][..]), ("http://a/", &two), ("/", &two), ("/", &[]), ("/", &[("host", "")])]
    {
        refused("GET", uri, fields, "host_invalid");
    }
    for uri in ["http://me@a/", "http://a:65536/", "http://a:80/", "http://a!/"] {
        refused("GET", uri, &[("host", "a")], "host_invalid");
    }
}

#[test]
fn a_target_is_a_path_or_asks_about_the_server() {
    assert_eq!(taken("GET", "http://a/b/%2e?c=d", &[], true).request.uri(), "/b/%2e?c=d");
    assert_eq!(taken("OPTIONS", "*", &[("host", "a")], true).request.uri(), "*");
    refused("GET", "*", &[("host", "a")], "path_invalid");
    refused("GET", "/012345678901234567890", &[("host", "a")], "uri_too_long");
}

#[test]
fn a_head_has_its_limits() {
    let many = [("host", "a"), ("b", "1"), ("b", "2"), ("b", "3"), ("b", "4")];
    taken("GET", "/", &many[..4], true);
    refused("GET", "/", &many, "headers_too_large");
    let long: &'static str = Box::leak("x".repeat(190).into_boxed_str());
    refused("GET", "/", &[("host", "a"), ("b", long)], "headers_too_large");
    taken("GET", "/", &[("host", "a"), ("b", &long[..160])], true);
}

#[test]
fn a_length_is_declared_once_and_plainly() {
    let host = ("host", "a");
    let length = |fields: &[_], is_end| taken("POST", "/", fields, is_end).length;
    assert_eq!(length(&[host], true), Length::Known(0));
    assert_eq!(length(&[host], false), Length::Chunked);
    assert_eq!(length(&[host, ("content-length", "5")], false), Length::Known(5));
    for bad in ["+5", "5, 5", "", "0x5", "12345678901234567890"] {
        refused("POST", "/", &[host, ("content-length", bad)], "bad_request");
    }
    refused("POST", "/", &[host, ("content-length", "5"), ("content-length", "5")], "bad_request");
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    for (name, value) in
        [("b", " 1"), ("b", "1 "), ("b", "\t1"), ("transfer_encoding", "chunked"), ("content_length", "1")]
    {
        refused("GET", "/", &[("host", "a"), (name, value)], "bad_request");
    }
    refused("GET", "/", &[("host", "a"), ("expect", "the best")], "expectation_failed");
}

#[test]
fn crumbs_of_cookies_are_one_field() {
    let read = taken("GET", "/", &[("host", "a"), ("cookie", "b=1"), ("cookie", "c=2; d=3")], true);
    let cookies: Vec<_> = read.request.headers().get_all("cookie").iter().collect();
    assert_eq!(cookies, ["b=1; c=2; d=3"]);
}

#[test]
fn a_hundred_is_awaited_by_a_body_alone() {
    let fields = [("host", "a"), ("expect", "100-Continue")];
    assert!(taken("POST", "/", &fields, false).expects_continue);
    assert!(!taken("POST", "/", &fields, true).expects_continue);
}
