use crate::route::{RouteTable, table::written::route};

/// All conflicts of `routes`: loser, winner, reason.
#[track_caller]
fn check(routes: &[&str], expected: &[(usize, usize, &str)]) {
    let conflicts = match RouteTable::build(routes.iter().map(|line| (route(line), ())).collect()) {
        Ok(_) => Vec::new(),
        Err(conflicts) => conflicts,
    };
    let conflicts: Vec<_> = conflicts.iter().map(|it| (it.loser, it.winner, it.reason.as_str())).collect();
    assert_eq!(conflicts, expected, "{routes:?}");
}

#[test]
fn the_same_route_twice() {
    check(&["/a", "/b", "/a"], &[(2, 0, "`/a` stands here twice")]);
    check(&["/a", "/a/"], &[(1, 0, "`/a` takes every request that this one matches")]);
    let names = "`/{x}` matches the same requests: the names in braces make no difference";
    check(&["/{x}", "/{y}", "/{x}$"], &[(1, 0, names)]);
    check(&["GET /a", "GET,HEAD /a"], &[(0, 1, "`GET,HEAD /a` takes every request that this one matches")]);
    check(&["PUT,POST /a", "POST,PUT /a"], &[(1, 0, "`PUT,POST /a` takes every request that this one matches")]);
    check(&["~/a+", "~/a+"], &[(1, 0, "`~/a+` stands here twice")]);
    check(&["/a X-A:1 X-B:2", "/a x-b:2 X-A:1"], &[(1, 0, "`/a` stands here twice")]);
    check(&["/a @A.test", "/a @a.test"], &[(1, 0, "`/a` stands here twice")]);
}

#[test]
fn methods_that_others_take() {
    let same = "`GET,HEAD /{x}` takes every request that this one matches";
    check(&["GET /{x}", "GET,HEAD /{x}"], &[(0, 1, same)]);
    let both = "`POST /a` and `GET /a` take every request that this one matches";
    check(&["GET,POST /a", "GET /a", "POST /a"], &[(0, 2, both)]);
    check(&["GET,POST,PUT /a", "GET /a", "POST /a"], &[]);
    check(&["GET /a", "HEAD /a"], &[]);
    check(&["GET,POST /a X-A:1", "GET /a", "POST /a"], &[]);
}

#[test]
fn expressions_under_what_goes_first() {
    let taken = |by: &str| format!("regular expressions come last, so {by} takes every request that this one matches");
    check(&["~/users/[0-9]+", "/users"], &[(0, 1, &taken("`/users`"))]);
    check(&["~/users(/.*)?", "/users"], &[(0, 1, &taken("`/users`"))]);
    check(&["~/users.*", "/users"], &[]);
    check(&["~/users/[0-9]+", "/users/{id}$"], &[(0, 1, &taken("`/users/{id}$`"))]);
    check(&["~/users/.+", "/users/{id}$"], &[]);
    check(&["~/users/.+", "/users/{id}"], &[(0, 1, &taken("`/users/{id}`"))]);
    check(&["~/users/.*", "/users/{id}"], &[]);
    check(&["~/(a|b)/x", "/a", "/b"], &[]);
    check(&["~/(a|b)/x", "/{any}/x"], &[(0, 1, &taken("`/{any}/x`"))]);
    check(&["~.*", "/"], &[(0, 1, &taken("`/`"))]);
    check(&["~/a.*", "/ @h.test"], &[]);
    check(&["~/a.* @h.test", "/"], &[]);
    check(&["~/a.* @h.test", "/ @h.test"], &[(0, 1, &taken("`/`"))]);
}

#[test]
fn expressions_under_what_asks_for_more() {
    let taken = |by: &str| format!("regular expressions come last, so {by} takes every request that this one matches");
    check(&["~/a/.*", "GET /a"], &[]);
    check(&["GET ~/a/.*", "GET /a"], &[(0, 1, &taken("`GET /a`"))]);
    let both = "regular expressions come last, so `GET /a` and `PUT /` take every request that this one matches";
    check(&["GET,PUT ~/a/.*", "GET /a", "PUT /"], &[(0, 1, both)]);
    check(&["~/a/.*", "/a X-A:1"], &[]);
    check(&["~/a/.* X-A:1", "/a X-A:*"], &[(0, 1, &taken("`/a`"))]);
    check(&["~/a/.* ?q=5", "/a ?q=~[0-9]"], &[(0, 1, &taken("`/a`"))]);
    check(&["~/a/.* ?q=*", "/a ?q=~[0-9]"], &[]);
}

#[test]
fn all_at_once() {
    let routes = ["/a", "/a", "/{x}/b", "/{y}/b", "~/a/[0-9]"];
    let conflicts = RouteTable::build(routes.map(|line| (route(line), ())).into()).unwrap_err();
    let losers: Vec<_> = conflicts.iter().map(|conflict| conflict.loser).collect();
    assert_eq!(losers, [1, 3, 4]);
}
