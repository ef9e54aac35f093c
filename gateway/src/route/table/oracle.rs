//! The table against an oracle that is slow and plain: it knows each pattern in pieces, not through the parser, tries
//! all of them on a request, and compares those that match by the rules as SPEC and the module's page say them.
use proptest::{option, prelude::*, sample::select, sample::subsequence};

use super::{
    RouteTable,
    written::{request, route},
};
use crate::route::Miss;

/// A pattern in pieces.
#[derive(Debug, Clone)]
struct Pieces {
    methods: Vec<&'static str>,
    host: Option<&'static str>,
    path: Path,
    header: Option<&'static str>,
    query: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Path {
    /// Segments, and whether nothing may follow.
    Segments(Vec<&'static str>, bool),
    /// One of [`EXPRESSIONS`].
    Regex(usize),
}

type Meaning = fn(&str) -> bool;

/// Expressions, and what they mean.
const EXPRESSIONS: [(&str, Meaning); 4] = [
    ("/a/.*", |path| path.starts_with("/a/")),
    (".*/b", |path| path.ends_with("/b")),
    ("/a(/b)?", |path| path == "/a" || path == "/a/b"),
    ("/[^/]*", |path| path.matches('/').count() == 1),
];

#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    host: &'static str,
    segments: Vec<&'static str>,
    header: Option<&'static str>,
    query: Option<&'static str>,
}

impl Pieces {
    fn line(&self) -> String {
        let path = match &self.path {
            Path::Segments(segments, true) => format!("/{}$", segments.join("/")),
            Path::Segments(segments, false) => format!("/{}", segments.join("/")),
            Path::Regex(index) => format!("~{}", EXPRESSIONS[*index].0),
        };
        let mut line = if self.methods.is_empty() { path } else { format!("{} {path}", self.methods.join(",")) };
        line += &self.host.map(|host| format!(" @{host}")).unwrap_or_default();
        line += &self.header.map(|value| format!(" x-a:{value}")).unwrap_or_default();
        line + &self.query.map(|value| format!(" ?q={value}")).unwrap_or_default()
    }

    fn host_matches(&self, host: &str) -> bool {
        match self.host.map(|pattern| pattern.strip_prefix('*').ok_or(pattern)) {
            None => true,
            Some(Ok(dot_suffix)) => host.len() > dot_suffix.len() && host.ends_with(dot_suffix),
            Some(Err(exact)) => exact == host,
        }
    }

    fn path_matches(&self, asked: &Asked) -> bool {
        match &self.path {
            Path::Regex(index) => (EXPRESSIONS[*index].1)(&asked.path()),
            Path::Segments(segments, is_exact) => {
                let lengths_fit = if *is_exact {
                    segments.len() == asked.segments.len()
                } else {
                    segments.len() <= asked.segments.len()
                };
                let fits = |(mine, its): (&&str, &&str)| {
                    if mine.starts_with('{') { !its.is_empty() } else { mine == its }
                };
                lengths_fit && segments.iter().zip(&asked.segments).all(fits)
            }
        }
    }

    fn conditions_hold(&self, asked: &Asked) -> bool {
        let holds = |wanted: Option<&str>, has: Option<&str>| match wanted {
            None => true,
            Some("*") => has.is_some(),
            wanted => wanted == has,
        };
        holds(self.header, asked.header) && holds(self.query, asked.query)
    }

    fn method_matches(&self, method: &str) -> bool {
        self.methods.is_empty() || self.allowed().any(|allowed| allowed == method)
    }

    fn allowed(&self) -> impl Iterator<Item = &'static str> {
        let head = self.methods.contains(&"GET").then_some("HEAD");
        self.methods.iter().copied().chain(head)
    }

    /// The rules: the greater goes first.
    fn weight(&self) -> (usize, usize, usize, Vec<bool>, usize) {
        let host = match self.host {
            None => 0,
            Some(host) if host.starts_with('*') => host.matches('.').count(),
            Some(_) => 100,
        };
        let (kind, length, literal) = match &self.path {
            Path::Regex(_) => (0, 0, Vec::new()),
            Path::Segments(segments, is_exact) => {
                let literal = segments.iter().map(|segment| !segment.starts_with('{')).collect();
                (1 + usize::from(*is_exact), segments.len(), literal)
            }
        };
        let conditions = [!self.methods.is_empty(), self.header.is_some(), self.query.is_some()];
        (host, kind, length, literal, conditions.iter().filter(|given| **given).count())
    }
}

impl Asked {
    fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    fn line(&self) -> String {
        let query = self.query.map(|value| format!("?q={value}")).unwrap_or_default();
        let header = self.header.map(|value| format!(" x-a:{value}")).unwrap_or_default();
        format!("{} {}{query} @{}{header}", self.method, self.path(), self.host)
    }
}

/// What is right for a request.
#[derive(Debug, PartialEq)]
enum Answer {
    /// Any of these, which the rules hold equal.
    Routes(Vec<usize>),
    NoRoute,
    NotAllowed(String),
}

fn oracle(routes: &[Pieces], asked: &Asked) -> Answer {
    let near: Vec<_> =
        (0..routes.len()).filter(|&at| routes[at].host_matches(asked.host) && routes[at].path_matches(asked)).collect();
    let takes = |at: &usize| routes[*at].conditions_hold(asked) && routes[*at].method_matches(asked.method);
    let matching: Vec<_> = near.iter().copied().filter(takes).collect();
    if let Some(most) = matching.iter().map(|&at| routes[at].weight()).max() {
        return Answer::Routes(matching.into_iter().filter(|&at| routes[at].weight() == most).collect());
    }
    if near.is_empty() || !near.iter().all(|&at| routes[at].conditions_hold(asked)) {
        return Answer::NoRoute;
    }
    let mut allow: Vec<_> = near.iter().flat_map(|&at| routes[at].allowed()).collect();
    allow.sort_unstable();
    allow.dedup();
    Answer::NotAllowed(allow.join(", "))
}

/// What the table says; a route by the index that it carries.
fn ask(table: &RouteTable<usize>, asked: &Asked) -> Result<usize, Answer> {
    match table.find(&request(&asked.line()).query()) {
        Ok(found) => Ok(*found.value),
        Err(Miss::NoRoute) => Err(Answer::NoRoute),
        Err(Miss::MethodNotAllowed { allow }) => Err(Answer::NotAllowed(allow.to_str().unwrap().to_owned())),
    }
}

fn patterns(routes: &[Pieces]) -> Vec<(crate::route::RoutePattern, usize)> {
    routes.iter().enumerate().map(|(index, pieces)| (route(&pieces.line()), index)).collect()
}

/// Removes the routes that can never win, having seen that they never do.
fn without_losers(routes: Vec<Pieces>, requests: &[Asked]) -> Vec<Pieces> {
    let Err(conflicts) = RouteTable::build(patterns(&routes)) else {
        return routes;
    };
    for asked in requests {
        if let Answer::Routes(best) = oracle(&routes, asked) {
            let loses = |at: &usize| conflicts.iter().any(|conflict| conflict.loser == *at);
            assert!(!best.iter().all(loses), "{} wins {}", routes[best[0]].line(), asked.line());
        }
    }
    let loses = |at: usize| conflicts.iter().any(|conflict| conflict.loser == at);
    let left = routes.into_iter().enumerate().filter(|(at, _)| !loses(*at));
    left.map(|(_, pieces)| pieces).collect()
}

fn path() -> impl Strategy<Value = Path> {
    let segment = || select(vec!["a", "a", "b", "{x}"]);
    let segments = || prop::collection::vec(segment(), 0..3).prop_map(distinct_names);
    let exact = (segments(), any::<bool>()).prop_map(|(mut segments, slash)| {
        if slash || segments.is_empty() {
            segments.push("");
        }
        Path::Segments(segments, true)
    });
    prop_oneof![
        4 => segments().prop_map(|segments| Path::Segments(segments, false)),
        3 => exact,
        2 => (0..EXPRESSIONS.len()).prop_map(Path::Regex),
    ]
}

fn distinct_names(segments: Vec<&'static str>) -> Vec<&'static str> {
    let mut names = ["{x}", "{y}", "{z}"].into_iter();
    let distinct = segments.into_iter().map(|segment| match segment {
        "{x}" => names.next().unwrap(),
        literal => literal,
    });
    distinct.collect()
}

fn pieces() -> impl Strategy<Value = Pieces> {
    let methods = prop_oneof![
        2 => Just(Vec::new()),
        3 => subsequence(vec!["GET", "HEAD", "POST", "PUT"], 1..3),
    ];
    let host = option::weighted(0.4, select(vec!["h.test", "a.h.test", "*.h.test", "*.test"]));
    let header = option::weighted(0.3, select(vec!["1", "2", "*"]));
    let query = option::weighted(0.3, select(vec!["1", "*"]));
    (methods, host, path(), header, query).prop_map(|(methods, host, path, header, query)| Pieces {
        methods,
        host,
        path,
        header,
        query,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = select(vec!["GET", "GET", "HEAD", "POST", "DELETE"]);
    let host = select(vec!["h.test", "a.h.test", "b.a.h.test", "i.test", "other"]);
    let segments = (prop::collection::vec(select(vec!["a", "a", "b", "c"]), 0..4), any::<bool>());
    let segments = segments.prop_map(|(mut segments, slash)| {
        if slash || segments.is_empty() {
            segments.push("");
        }
        segments
    });
    let value = || option::of(select(vec!["1", "2", "3"]));
    (method, host, segments, value(), value()).prop_map(|(method, host, segments, header, query)| Asked {
        method,
        host,
        segments,
        header,
        query,
    })
}

fn routes() -> impl Strategy<Value = Vec<Pieces>> {
    prop::collection::vec(pieces(), 1..20)
}

fn requests() -> impl Strategy<Value = Vec<Asked>> {
    prop::collection::vec(asked(), 40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_table_answers_as_the_oracle_does(routes in routes(), requests in requests()) {
        let routes = without_losers(routes, &requests);
        let table = RouteTable::build(patterns(&routes)).expect("the rest has no conflicts");
        for asked in &requests {
            match (ask(&table, asked), oracle(&routes, asked)) {
                (Ok(found), Answer::Routes(best)) => {
                    prop_assert!(best.contains(&found), "{} took {}", asked.line(), routes[found].line());
                }
                (Err(answer), right) => prop_assert_eq!(answer, right, "{}", asked.line()),
                (Ok(found), right) => {
                    prop_assert!(false, "{} took {}, not {right:?}", asked.line(), routes[found].line());
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_file_never_matters(
        (routes, order) in routes().prop_map(|routes| without_losers(routes, &[])).prop_flat_map(|routes| {
            let order: Vec<_> = (0..routes.len()).collect();
            (Just(routes), Just(order).prop_shuffle())
        }),
        requests in requests(),
    ) {
        let in_order = patterns(&routes);
        let shuffled = order.iter().map(|&at| in_order[at].clone()).collect();
        let other = RouteTable::build(shuffled).expect("a conflict does not depend on the order");
        let table = RouteTable::build(in_order).expect("the losers are gone");
        for asked in &requests {
            prop_assert_eq!(ask(&table, asked), ask(&other, asked), "{}", asked.line());
        }
        let listed = |table: &RouteTable<usize>| table.in_match_order().map(|(_, index)| *index).collect::<Vec<_>>();
        prop_assert_eq!(listed(&table), listed(&other));
    }
}
