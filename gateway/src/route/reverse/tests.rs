use crate::route::{HeaderCondition, HostPattern, Query, QueryCondition, RouteTable};

use super::*;

fn before(pattern: &str, rewrite: &str, target: &str) -> Option<String> {
    let path = PathPattern::parse(pattern).unwrap();
    Rewrite::parse(rewrite, &path).unwrap().before(&path, target)
}

#[test]
fn what_a_prefix_had_before_it_was_stripped() {
    let check = |pattern: &str, target: &str, expected: Option<&str>| {
        let path = PathPattern::parse(pattern).unwrap();
        assert_eq!(path.before(target).as_deref(), expected, "{pattern} {target}");
    };
    check("/api", "/users/{id}", Some("/api/users/{id}"));
    check("/", "/users", Some("/users"));
    check("/t/{tenant}", "/users/{id}", Some("/t/{tenant}/users/{id}"));
    check("/t/{id}", "/users/{id}", Some("/t/{id_}/users/{id}"));
    check("/api$", "/", Some("/api"));
    check("/api$", "/users", None);
    check("~/api/.*", "/", None);
}

#[test]
fn what_a_path_was_before_it_was_rewritten() {
    let check = |pattern: &str, rewrite: &str, target: &str, expected: Option<&str>| {
        assert_eq!(before(pattern, rewrite, target).as_deref(), expected, "{pattern} {rewrite} {target}");
    };
    check("/users", "/v2/people", "/v2/people/{id}", Some("/users/{id}"));
    check("/users", "/v2/people", "/v2/people", Some("/users"));
    check("/users", "/v2/people", "/v1/people", None);
    check("/users$", "/v2/people", "/v2/people/{id}", None);
    check("/u/{name}$", "/v2/{name}/all", "/v2/{id}/all", Some("/u/{id}"));
    check("/a/{x}/{y}$", "/b/{y}/{x}", "/b/{one}/{two}", Some("/a/{two}/{one}"));
    check("/t/{id}/u/{u}", "/u/{u}", "/u/{id}", Some("/t/{id_}/u/{id}"));
    check("/u/{name}$", "/v2/{name}/{name}", "/v2/{a}/{b}", None);
    check("/u", "/", "/people", Some("/u/people"));
    check("/", "/v2", "/v2", Some("/"));
    check("/u/{name}$", "/v2/u-{name}", "/v2/u-{id}", None);
    check("~/u/([0-9]+)", "/v2/$1", "/v2/{id}", None);
}

#[test]
fn an_example_takes_the_route() {
    let mut pattern = RoutePattern::parse("GET /a").unwrap();
    pattern.host = Some(HostPattern::parse("*.example.com").unwrap());
    pattern.headers = vec![HeaderCondition::parse("x-a", "1 2").unwrap(), HeaderCondition::parse("x-b", "*").unwrap()];
    pattern.query = vec![QueryCondition::parse("a b", "c&d").unwrap()];
    let example = pattern.example().unwrap();
    let table = RouteTable::build(vec![(pattern.clone(), 7)]).unwrap();
    let query = Query {
        method: &http::Method::GET,
        host: &example.host,
        path: "/a/b",
        query: example.query.as_deref(),
        headers: &example.headers,
    };
    assert_eq!(table.find(&query).map(|found| *found.value), Ok(7));
    pattern.headers.push(HeaderCondition::parse("x-c", "~1+").unwrap());
    assert_eq!(pattern.example(), None);
}
