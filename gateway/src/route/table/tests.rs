use super::{
    RouteTable,
    written::{request, route},
};
use crate::route::Miss;

/// What `wanted`, a request, gets of `routes`: the route as it is written here, or `404`, or `405 ` and `Allow`.
/// Whatever the order of the routes.
#[track_caller]
fn check(routes: &[&str], wanted: &str, expected: &str) {
    for turn in 0..routes.len() {
        let mut lines = routes.to_vec();
        lines.rotate_left(turn);
        let table = RouteTable::build(lines.iter().map(|line| (route(line), *line)).collect()).unwrap();
        let found = match table.find(&request(wanted).query()) {
            Ok(found) => (*found.value).to_owned(),
            Err(Miss::NoRoute) => "404".to_owned(),
            Err(Miss::MethodNotAllowed { allow }) => format!("405 {}", allow.to_str().unwrap()),
        };
        assert_eq!(found, expected, "{wanted} among {lines:?}");
    }
}

#[test]
fn a_prefix_covers_whole_segments() {
    check(&["/users"], "GET /users", "/users");
    check(&["/users"], "GET /users/", "/users");
    check(&["/users"], "GET /users/7/posts", "/users");
    check(&["/users"], "GET /usersx", "404");
    check(&["/users"], "GET /", "404");
    check(&["/users/"], "GET /users", "/users/");
    check(&["/"], "GET /", "/");
    check(&["/"], "GET /any/path/", "/");
    check(&["/users"], "GET /Users", "404");
    check(&["/a%20b"], "GET /a%20b/c", "/a%20b");
}

#[test]
fn an_exact_path_covers_itself() {
    check(&["/users$"], "GET /users", "/users$");
    check(&["/users$"], "GET /users/", "404");
    check(&["/users$"], "GET /users/7", "404");
    check(&["/users/$"], "GET /users/", "/users/$");
    check(&["/users/$"], "GET /users", "404");
    check(&["/$"], "GET /", "/$");
    check(&["/$"], "GET /a", "404");
    check(&["/a$b"], "GET /a$b/c", "/a$b");
}

#[test]
fn a_name_is_one_segment_with_text() {
    check(&["/users/{id}$"], "GET /users/7", "/users/{id}$");
    check(&["/users/{id}$"], "GET /users/7/posts", "404");
    check(&["/users/{id}$"], "GET /users/", "404");
    check(&["/users/{id}"], "GET /users/", "404");
    check(&["/users/{id}/posts"], "GET /users/7/posts/1", "/users/{id}/posts");
    check(&["/{a}/{b}"], "GET /1", "404");
}

#[test]
fn an_expression_matches_the_whole_path() {
    check(&["~/users/[0-9]+"], "GET /users/17", "~/users/[0-9]+");
    check(&["~/users/[0-9]+"], "GET /users/17/x", "404");
    check(&["~/users/[0-9]+"], "GET /v1/users/17", "404");
    check(&["~/a|/b"], "GET /b", "~/a|/b");
    check(&["~/a|/b"], "GET /bc", "404");
}

#[test]
fn the_most_specific_path_wins() {
    check(&["/", "/users", "/users/7", "/users/7$"], "GET /users/7", "/users/7$");
    check(&["/", "/users", "/users/7", "/users/7$"], "GET /users/7/a", "/users/7");
    check(&["/", "/users", "/users/7", "/users/7$"], "GET /users/8", "/users");
    check(&["/", "/users", "/users/7", "/users/7$"], "GET /tasks", "/");
    check(&["/users/{id}", "/users/me"], "GET /users/me", "/users/me");
    check(&["/users/{id}", "/users/me"], "GET /users/you", "/users/{id}");
    check(&["/{a}/b/c", "/a/{b}/{c}"], "GET /a/b/c", "/a/{b}/{c}");
    check(&["/{a}/b/c", "/a/b"], "GET /a/b/c", "/{a}/b/c");
    check(&["/users/{id}$", "/users/me"], "GET /users/me", "/users/{id}$");
    check(&["~/users/.*", "/users/{id}"], "GET /users/7", "/users/{id}");
    check(&["~/users/.*", "/users/{id}"], "GET /users/7/", "/users/{id}");
    check(&["~/users/?.*", "/users/{id}"], "GET /users/", "~/users/?.*");
    check(&["/a/b/c$", "/a/{x}/d$"], "GET /a/b/d", "/a/{x}/d$");
}

#[test]
fn the_host_decides_first() {
    let hosts = ["/ @a.b.test", "/x @*.b.test", "/x/y @*.test", "/x/y/z$"];
    check(&hosts, "GET /x/y/z @a.b.test", "/ @a.b.test");
    check(&hosts, "GET /x/y/z @c.b.test", "/x @*.b.test");
    check(&hosts, "GET /x/y/z @c.d.b.test", "/x @*.b.test");
    check(&hosts, "GET /x/y/z @b.test", "/x/y @*.test");
    check(&hosts, "GET /x/y/z @test", "/x/y/z$");
    check(&hosts, "GET /x/y/z @.b.test", "/x/y @*.test");
    check(&hosts, "GET /x/y/z @a.b.test.", "/ @a.b.test");
    check(&["/ @[::1]"], "GET / @[0:0::1]", "/ @[::1]");
    check(&["/ @API.test"], "GET / @api.test", "/ @API.test");
}

#[test]
fn what_does_not_hold_passes_the_request_on() {
    let hosts = ["/x @a.b.test", "GET /y @*.b.test", "/y/z @*.test", "/"];
    check(&hosts, "GET /y/z @a.b.test", "GET /y @*.b.test");
    check(&hosts, "PUT /y/z @a.b.test", "/y/z @*.test");
    check(&hosts, "PUT /y @a.b.test", "/");
    check(&["POST /users/me$", "/users"], "GET /users/me", "/users");
    check(&["/a/b X-A:1", "/{x}/b", "/a"], "GET /a/b", "/{x}/b");
    check(&["GET /a", "~/.*"], "PUT /a", "~/.*");
}

#[test]
fn more_conditions_win() {
    check(&["/a", "GET /a", "GET /a X-A:1"], "GET /a X-A:1", "GET /a X-A:1");
    check(&["/a", "GET /a", "GET /a X-A:1"], "GET /a", "GET /a");
    check(&["/a", "GET /a", "GET /a X-A:1"], "PUT /a X-A:1", "/a");
    check(&["/a X-A:1 ?q=1", "GET /a"], "GET /a?q=1 X-A:1", "/a X-A:1 ?q=1");
    check(&["~/a.*", "GET ~/.*"], "GET /ab", "GET ~/.*");
}

#[test]
fn ties_are_decided_by_what_is_narrower() {
    check(&["GET,POST /a", "POST /a"], "POST /a", "POST /a");
    check(&["GET /a", "HEAD /a"], "HEAD /a", "HEAD /a");
    check(&["GET /a", "HEAD,POST /a"], "HEAD /a", "HEAD,POST /a");
    check(&["/a X-A:*", "/a X-A:1"], "GET /a X-A:1", "/a X-A:1");
    check(&["/a X-A:~[12]", "/a X-A:*"], "GET /a X-A:2", "/a X-A:~[12]");
    check(&["/a X-B:1", "/a X-A:1"], "GET /a X-A:1 X-B:1", "/a X-A:1");
    check(&["~/a.*", "~/a/b/.*"], "GET /a/b/c", "~/a/b/.*");
}

#[test]
fn header_fields_and_query_parameters_hold() {
    check(&["/ X-A:1"], "GET / x-a:1", "/ X-A:1");
    check(&["/ X-A:1"], "GET / X-A:0 X-A:1", "/ X-A:1");
    check(&["/ X-A:1"], "GET / X-A:11", "404");
    check(&["/ X-A:~a|b"], "GET / X-A:b", "/ X-A:~a|b");
    check(&["/ X-A:~a|b"], "GET / X-A:bb", "404");
    check(&["/ X-A:*"], "GET / X-A:", "/ X-A:*");
    check(&["/ X-A:*"], "GET /", "404");
    check(&["/ ?q=1"], "GET /?p=0&q=1", "/ ?q=1");
    check(&["/ ?q=1"], "GET /?q=0&q=1", "/ ?q=1");
    check(&["/ ?q=1"], "GET /?q=10", "404");
    check(&["/ ?q=a+b"], "GET /?q=a%2Bb", "/ ?q=a+b");
    check(&["/ ?q=*"], "GET /?q", "/ ?q=*");
    check(&["/ ?q=*"], "GET /?%71=", "/ ?q=*");
    check(&["/ ?q=~[0-9]+"], "GET /?q=%31%32", "/ ?q=~[0-9]+");
    check(&["/ ?q=~[0-9]+"], "GET /?q=", "404");
    check(&["/ ?q=%zz"], "GET /?q=%zz", "/ ?q=%zz");
}

#[test]
fn head_follows_get_and_options_nothing() {
    check(&["GET /a"], "HEAD /a", "GET /a");
    check(&["POST /a"], "HEAD /a", "405 POST");
    check(&["GET /a"], "OPTIONS /a", "405 GET, HEAD");
    check(&["/a"], "OPTIONS /a", "/a");
    check(&["PURGE /a"], "PURGE /a", "PURGE /a");
}

#[test]
fn only_a_missing_method_is_405() {
    check(&["GET /a", "POST /a", "DELETE /a/b"], "PUT /a/b", "405 DELETE, GET, HEAD, POST");
    check(&["GET /a", "POST /a", "DELETE /a/b"], "PUT /a", "405 GET, HEAD, POST");
    check(&["GET /a", "POST /a X-A:1"], "PUT /a", "404");
    check(&["GET /a", "POST /a X-A:1"], "PUT /a X-A:1", "405 GET, HEAD, POST");
    check(&["GET /a @h.test", "POST /a @*.test"], "PUT /a @h.test", "405 GET, HEAD, POST");
    check(&["GET /a @h.test", "POST /a @*.test"], "PUT /a @i.test", "405 POST");
    check(&["GET ~/a.*"], "PUT /a", "405 GET, HEAD");
    check(&["GET /a"], "PUT /b", "404");
}

/// What a match covers and takes: `matched`, then each parameter.
#[track_caller]
fn check_params(line: &str, path: &str, expected: &[&str]) {
    let table = RouteTable::build(vec![(route(line), ())]).unwrap();
    let found = table.find(&request(&format!("GET {path}")).query()).unwrap();
    let params = (0..found.params.places.len()).map(|index| found.params.get(index, path));
    let all: Vec<_> = [&path[..found.matched]].into_iter().chain(params).collect();
    assert_eq!(all, expected, "{line} on {path}");
}

#[test]
fn a_match_says_what_it_took() {
    check_params("/", "/a", &[""]);
    check_params("/a", "/a/b", &["/a"]);
    check_params("/a/", "/a/b", &["/a"]);
    check_params("/a$", "/a", &["/a"]);
    check_params("/a/{x}/c/{y}", "/a/b/c/d/e", &["/a/b/c/d", "b", "d"]);
    check_params("/{x}/$", "/abc/", &["/abc/", "abc"]);
    check_params("~/(a|(b))/(.*)", "/b/c/d", &["/b/c/d", "b", "b", "c/d"]);
    check_params("~/(a|(b))/(.*)", "/a/", &["/a/", "a", "", ""]);
}

#[test]
fn routes_are_listed_in_match_order() {
    let lines = ["~/.+x", "/", "GET /", "/a/{b}", "/a/b", "/z/b$", "/ @*.test", "/ @*.a.test", "/ @a.test"];
    let table = RouteTable::build(lines.iter().map(|line| (route(line), *line)).collect());
    let conflicts = table.unwrap_err();
    assert_eq!(conflicts.len(), 1, "an expression under `/`");
    let table = RouteTable::build(lines[1..].iter().map(|line| (route(line), *line)).collect()).unwrap();
    let order: Vec<_> = table.in_match_order().map(|(_, line)| *line).collect();
    let expected = ["/ @a.test", "/ @*.a.test", "/ @*.test", "/z/b$", "/a/b", "/a/{b}", "GET /", "/"];
    assert_eq!(order, expected);
}
