use super::{RoutePattern, Segment, Shape};

/// A pattern, as its parts: methods, kind, segments or expression.
#[track_caller]
fn check(text: &str, expected: &str) {
    let pattern = RoutePattern::parse(text).unwrap();
    let methods: Vec<_> = pattern.methods.iter().map(http::Method::as_str).collect();
    let segments = |segments: &[Segment]| {
        let text = |segment: &Segment| match segment {
            Segment::Literal(text) => text.to_string(),
            Segment::Name(name) => format!("<{name}>"),
        };
        segments.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    let path = match pattern.path.shape() {
        Shape::Exact(exact) => format!("exact [{}]", segments(exact)),
        Shape::Prefix(prefix) => format!("prefix [{}]", segments(prefix)),
        Shape::Regex(regex) => format!("regex {}", regex.text()),
    };
    assert_eq!(format!("{} {path}", methods.join(",")).trim_start(), expected, "{text}");
    assert_eq!(pattern.text, text);
}

/// A fault of a pattern: `text` with the faulty part between `«` and `»`.
#[track_caller]
fn check_fault(marked: &str, message: &str, help: Option<&str>) {
    let start = marked.find('«').unwrap();
    let text = marked.replace(['«', '»'], "");
    let end = marked.find('»').unwrap() - '«'.len_utf8();
    let fault = RoutePattern::parse(&text).unwrap_err();
    let place = (text.get(fault.at.clone()), fault.at.clone());
    assert_eq!(place, (Some(&text[start..end]), start..end), "{text}: {fault}");
    assert_eq!((fault.message.as_str(), fault.help.as_deref()), (message, help), "{text}");
}

#[test]
fn what_is_written() {
    check("/", "prefix []");
    check("/$", "exact []");
    check("/users", "prefix [users]");
    check("/users/", "prefix [users]");
    check("/users$", "exact [users]");
    check("/users/$", "exact [users ]");
    check("/users/{id}/posts$", "exact [users <id> posts]");
    check("GET /users", "GET prefix [users]");
    check("GET,POST  /users", "GET,POST prefix [users]");
    check("M-SEARCH /", "M-SEARCH prefix []");
    check("~/a[ b]*", "regex /a[ b]*");
    check("GET ~/a$", "GET regex /a$");
    check("/%C3%A9%20/~a/a+b/a$b/a:b/a*", "prefix [%C3%A9%20 ~a a+b a$b a:b a*]");
}

#[test]
fn faults_of_methods() {
    check_fault("«»", "a route needs a path", Some("write `/` for every path"));
    check_fault("« »/a", "a route begins with a method or a path, not with a space", Some("write `/a`"));
    check_fault("«get» /a", "methods are upper case", Some("write `GET`"));
    check_fault("GET,«CONNECT» /a", "the gateway forwards no CONNECT", None);
    check_fault("«TRACE» /a", "the gateway forwards no TRACE", None);
    check_fault("GET,«GET» /a", "`GET` is listed twice", None);
    check_fault("«G(T» /a", "`G(T` is not a method", None);
    let separate = Some("separate methods by one comma and no space: `GET,POST /users`");
    check_fault("GET,«» POST /a", "a method is missing here", separate);
    check_fault("GET«»", "a path is missing after the method", Some("write `GET /` for every path"));
    check_fault("GET«»/a", "a space is missing between the method and the path", Some("write `GET /a`"));
}

#[test]
fn faults_of_paths() {
    let begins = "a path begins with `/`, a regular expression with `~`";
    check_fault("«users/7»", begins, Some("write `/users/7`"));
    check_fault("GET «users»", begins, Some("write `/users`"));
    let merged = Some("repeated slashes of a request are merged before the match: write one");
    check_fault("/a«//»b", "a segment is empty", merged);
    check_fault("«//»", "a segment is empty", merged);
    let without = Some("write the path without them");
    check_fault("/a/«..»/b", "dot segments of a request are resolved before the match", without);
    let below = Some("a path already covers all below it; one segment of any text is `{name}`");
    check_fault("/a/«*»", "`*` is not a wildcard here", below);
    check_fault("/a/«:id»", "a name stands in braces", Some("write `{id}`"));
    check_fault("/a/«{id»", "this brace is not closed", Some("write `{id}`"));
    check_fault("/a/b«}»", "a brace stands only around a name: `{name}`", None);
    let whole = Some("a regular expression can take part of a segment: `~/files/([^/]+)\\.json`");
    check_fault("/a/«{id}.json»", "a `{name}` stands for a whole segment", whole);
    let name = "a name is a letter or `_`, then letters, digits and `_`";
    check_fault("/a/{«»}", name, None);
    check_fault("/a/{«1st»}", name, None);
    check_fault("/a/{«a-b»}", name, None);
    check_fault("/{id}/«{id}»", "`{id}` stands twice in this path", None);
    check_fault(&format!("{}«/a»", "/a".repeat(64)).replace("«/", "/«"), "a path has at most 64 segments", None);
}

#[test]
fn faults_of_literal_text() {
    check_fault("/a«?»b=1", "a path holds no query", Some("conditions on the query stand under `query`"));
    check_fault("/a«#»b", "a path holds no fragment", None);
    check_fault("/a«\\»b", "a path holds no backslash: requests with one are refused", None);
    check_fault("/a« »b", "a path holds no space", Some("percent-encode it: `%20`"));
    check_fault("/a«\t»b", "a path holds no control character", None);
    check_fault("/caf«é»", "`é` is not ASCII", Some("percent-encode it: `%C3%A9`"));
    let digits = Some("write `%25` for the character itself");
    check_fault("/100«%»", "a `%` is followed by two hexadecimal digits", digits);
    check_fault("/100«%»é", "a `%` is followed by two hexadecimal digits", digits);
    check_fault("/a«%2f»b", "requests with `%2f` in their path are refused", None);
    check_fault("/a/«%61»b", "this is not the form that paths are matched in", Some("write `a`"));
    check_fault("/a/«%2e»", "this is not the form that paths are matched in", Some("write `.`"));
    check_fault("/a/«%c3»%a9", "this is not the form that paths are matched in", Some("write `%C3`"));
}

#[test]
fn faults_of_expressions() {
    check_fault("~«»", "a regular expression is missing after `~`", None);
    check_fault("~/a«(»b", "this is not a regular expression: unclosed group", None);
    check_fault(
        "GET ~/é/a«{9,1}»",
        "this is not a regular expression: invalid repetition count range, the start must be <= the end",
        None,
    );
    check_fault("~/a«)»(b", "this is not a regular expression: unopened group", None);
    let anchored = "the expression cannot be anchored: unclosed group";
    check_fault("~«(?x)/a#»", anchored, None);
    let paths = Some("a path begins with `/`, and holds neither `//` nor spaces nor `?`, `#`, `\\`");
    check_fault("~«users/.*»", "no path can match this expression as a whole", paths);
    check_fault("~«/a//b»", "no path can match this expression as a whole", paths);
    check_fault("~«/a b»", "no path can match this expression as a whole", paths);
    check_fault("~«(/a{500}){500}»", "this is not a regular expression: it is too large when compiled", None);
}
