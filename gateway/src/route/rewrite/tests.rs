use http::{HeaderMap, Method};

use super::Rewrite;
use crate::route::{PathPattern, Query, RoutePattern, RouteTable};

/// What `template` makes of `path` under the route `pattern`.
#[track_caller]
fn check(pattern: &str, template: &str, path: &str, expected: &str) {
    let pattern = RoutePattern::parse(pattern).unwrap();
    let rewrite = Rewrite::parse(template, &pattern.path).unwrap();
    let table = RouteTable::build(vec![(pattern, rewrite)]).unwrap();
    let headers = HeaderMap::new();
    let query = Query { method: &Method::GET, host: "", path, query: None, headers: &headers };
    let found = table.find(&query).unwrap();
    assert_eq!(found.value.apply(path, &found.params), expected, "{template} on {path}");
}

/// The faulty part of the template stands between `«` and `»`.
#[track_caller]
fn check_fault(path: &str, marked: &str, message: &str, help: Option<&str>) {
    let start = marked.find('«').unwrap();
    let end = marked.find('»').unwrap() - '«'.len_utf8();
    let template = marked.replace(['«', '»'], "");
    let fault = Rewrite::parse(&template, &PathPattern::parse(path).unwrap()).unwrap_err();
    assert_eq!((fault.at, fault.message.as_str()), (start..end, message), "{template}");
    assert_eq!(fault.help.as_deref(), help, "{template}");
}

#[test]
fn names_and_groups() {
    check("/users/{id}$", "/v2/{id}", "/users/7", "/v2/7");
    check("/{a}/{b}$", "/{b}-{a}.json", "/x/y", "/y-x.json");
    check("~/(.*)/old/(.*)", "/$1/new/$2", "/a/b/old/c", "/a/b/new/c");
    check("~/(?P<id>[0-9]+)", "/v2/{id}", "/17", "/v2/17");
    check("~/(a)?(b)", "/x$1$2", "/b", "/xb");
    check("~/(a)", "/$x/$/$1", "/a", "/$x/$/a");
}

#[test]
fn the_rest_of_a_prefix_follows() {
    check("/users", "/v2/people", "/users/7", "/v2/people/7");
    check("/users", "/v2/people", "/users", "/v2/people");
    check("/users", "/v2/people/", "/users/7", "/v2/people/7");
    check("/users", "/", "/users/7", "/7");
    check("/users", "/", "/users", "/");
    check("/", "/v2", "/users", "/v2/users");
    check("/", "/v2", "/", "/v2/");
    check("/users/{id}", "/v2/{id}", "/users/7/posts/", "/v2/7/posts/");
}

/// What a client sends cannot lead out of the place that the operator named.
#[test]
fn pieces_do_not_join_into_something_else() {
    check("~/a(.*)", "/b/$1", "/a..", "/");
    check("~/a(.*)", "/b/.$1", "/a./c", "/c");
    check("~/(.*)", "/b/$1", "//", "/b/");
    check("~/(.*2)(.*)", "/$1F", "/%2", "/%252F");
    check("~/(%2)(0)", "/$1$2", "/%20", "/%20");
}

#[test]
fn faults() {
    check_fault("/a", "«v2»", "a path begins with `/`", Some("write `/v2`"));
    check_fault("/a", "«»", "a path begins with `/`", Some("write `/`"));
    check_fault("/{a}/{b}", "/v2/«{id}»", "the path has no `{id}`", Some("names of the path: `{a}`, `{b}`"));
    check_fault("/a", "/v2/«{id}»", "the path has no `{id}`", Some("names of the path: none"));
    check_fault("/a", "/v2/«{id»", "this brace is not closed", None);
    let none = "`$1` stands for a group of a regular expression, and this path is none";
    check_fault("/a", "/«$1»", none, Some("name a segment `{name}` in the path, and here"));
    let counted = Some("groups are counted from `$1`");
    check_fault("~/(a)", "/«$2»", "`$2` is not a group: the expression has 1", counted);
    check_fault("~/(a)", "/«$0»", "`$0` is not a group: the expression has 1", counted);
    check_fault("/a", "/b«?»c=1", "a path holds no query", Some("conditions on the query stand under `query`"));
    check_fault("/a", "/b«//»c", "a segment is empty", None);
    check_fault("/a", "/b/«..»/c", "a path is written without dot segments", None);
    check_fault("/a", "/b/«%61»", "this is not the form that paths are matched in", Some("write `a`"));
}
