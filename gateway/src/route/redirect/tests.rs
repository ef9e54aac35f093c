use http::{HeaderMap, Method};

use super::RedirectTarget;
use crate::route::{PathPattern, Query, RoutePattern, RouteTable};

/// Where `template` sends a client that asks for `path` under the route `pattern`.
#[track_caller]
fn check(pattern: &str, template: &str, path: &str, query: Option<&str>, expected: &str) {
    let pattern = RoutePattern::parse(pattern).unwrap();
    let target = RedirectTarget::parse(template, &pattern.path).unwrap();
    let table = RouteTable::build(vec![(pattern, target)]).unwrap();
    let headers = HeaderMap::new();
    let found = table.find(&Query { method: &Method::GET, host: "", path, query, headers: &headers }).unwrap();
    let address = found.value.apply(path, &found.params, query.map(str::as_bytes));
    assert_eq!(String::from_utf8(address).unwrap(), expected, "{template} on {path}");
}

/// The faulty part of the template stands between `«` and `»`.
#[track_caller]
fn check_fault(path: &str, marked: &str) {
    let start = marked.find('«').unwrap();
    let end = marked.find('»').unwrap() - '«'.len_utf8();
    let template = marked.replace(['«', '»'], "");
    let fault = RedirectTarget::parse(&template, &PathPattern::parse(path).unwrap()).unwrap_err();
    assert_eq!(fault.at, start..end, "{template}: {fault}");
}

#[test]
fn places_are_filled_and_the_query_is_kept() {
    check("/old/{id}$", "/new/{id}", "/old/7", None, "/new/7");
    check("/old/{id}$", "/new/{id}", "/old/7", Some("a=%2f&&b='"), "/new/7?a=%2f&&b='");
    check("/old", "/new", "/old/7/x", Some("a"), "/new/7/x?a");
    check("~/old/(.*)", "https://example.com:8443/$1", "/old/a/b", None, "https://example.com:8443/a/b");
    check("/", "https://example.com", "/a/b", Some("c"), "https://example.com/a/b?c");
    check("/", "http://[::1]:80", "/", None, "http://[::1]:80/");
}

#[test]
fn a_query_of_its_own_replaces_the_clients() {
    check("/old/{id}$", "/new?id={id}&a=1", "/old/7", Some("b=2"), "/new?id=7&a=1");
    check("/old/{id}$", "/new?id={id}", "/old/7&admin=1;x+%20", None, "/new?id=7%26admin%3D1%3Bx%2B%20");
    check("/old$", "/new?", "/old", Some("b=2"), "/new");
}

/// What a client sends never becomes a host.
#[test]
fn no_captured_value_becomes_an_authority() {
    check("~/go(.*)", "/$1", "/go/evil.example", None, "/evil.example");
    check("~/go(.*?)25(.*)", "/$1$2", "/go/evil%252F", None, "/evil%252F");
    check("/go/{to}", "/{to}", "/go/@evil.example", None, "/@evil.example");
    check("~/(.*)", "https://good.example/$1", "/@evil.example", None, "https://good.example/@evil.example");
}

#[test]
fn faults_are_placed() {
    check_fault("/a", "«new»");
    check_fault("/a", "«ftp://example.com/»");
    check_fault("/a", "/«{id}»");
    check_fault("/a", "«//»example.com");
    check_fault("/a/{id}", "https://«{id}.example.com»/");
    check_fault("~/a(.*)", "https://«good.example$1»");
    check_fault("/a", "https://«joe@example.com»/");
    check_fault("/a", "https://«»/");
    check_fault("/a", "https://«example.com:99999»/");
    check_fault("/a", "https://example.com/«{id}»");
    check_fault("/a", "/b«#»c");
    check_fault("/a", "/b?c«#»d");
    check_fault("/a", "/b?c=«{id}»");
    check_fault("/a", "/b?c=«%»zz");
    check_fault("/a", "/b?c=« »");
}
