//! The path of a route: segments, or a regular expression.
use super::{PatternFault, check_literal, expression::PathRegex};

/// More would only serve to make the table's recursion deep.
const MAX_SEGMENTS: usize = 64;

/// The path that a route asks for; [`RoutePattern::parse`](super::RoutePattern::parse) says how it is written.
#[derive(Debug, Clone)]
pub struct PathPattern {
    shape: Shape,
}

/// What kind of path it is. Segments are what stands between slashes, so `/` has one, which is empty.
#[derive(Debug, Clone)]
pub(in crate::route) enum Shape {
    /// `/users$`: these segments and no more. Only the last can be empty (`/users/$`, `/$`).
    Exact(Vec<Segment>),
    /// `/users`: these segments first; none for `/`.
    Prefix(Vec<Segment>),
    /// `~/users/.*`.
    Regex(PathRegex),
}

/// One segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::route) enum Segment {
    /// Itself, byte by byte.
    Literal(Box<str>),
    /// `{name}`: any that is not empty.
    Name(Box<str>),
}

impl PathPattern {
    /// Reads `/users/{id}$` or `~/users/.*`; ranges of faults are into `text`.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        if let Some(regex) = text.strip_prefix('~') {
            let regex = PathRegex::parse(regex).map_err(|fault| fault.moved(1))?;
            return Ok(Self { shape: Shape::Regex(regex) });
        }
        if !text.starts_with('/') {
            let fault = PatternFault::new(0..text.len(), "a path begins with `/`, a regular expression with `~`");
            return Err(fault.help(format!("write `/{}`", text.trim_start())));
        }
        let (body, exact) = match text.strip_suffix('$') {
            Some(body) => (body, true),
            None => (text, false),
        };
        let mut segments = parse_segments(body)?;
        let ends_empty = segments.last() == Some(&Segment::Literal("".into()));
        if !exact && ends_empty {
            segments.pop();
        }
        let shape = if exact { Shape::Exact(segments) } else { Shape::Prefix(segments) };
        Ok(Self { shape })
    }

    pub(in crate::route) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The segments of a path that is no regular expression.
    pub(in crate::route) fn segments(&self) -> &[Segment] {
        match &self.shape {
            Shape::Exact(segments) | Shape::Prefix(segments) => segments,
            Shape::Regex(_) => &[],
        }
    }

    /// The number that a `{name}`, or a group named so in a regular expression, has among the parameters.
    pub(in crate::route) fn parameter(&self, name: &str) -> Option<usize> {
        match &self.shape {
            Shape::Regex(regex) => regex.group(name),
            _ => self.names().position(|known| known == name),
        }
    }

    /// Every name that a rewrite can use, in the path's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let groups = match &self.shape {
            Shape::Regex(regex) => Some(regex.group_names()),
            _ => None,
        };
        let names = self.segments().iter().filter_map(|segment| match segment {
            Segment::Name(name) => Some(&**name),
            Segment::Literal(_) => None,
        });
        names.chain(groups.into_iter().flatten())
    }
}

fn parse_segments(body: &str) -> Result<Vec<Segment>, PatternFault> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut start = 1;
    for text in body[1..].split('/') {
        let range = start..start + text.len();
        let is_last = range.end == body.len();
        if text.is_empty() && !is_last {
            let fault = PatternFault::new(range.start - 1..range.end + 1, "a segment is empty");
            return Err(fault.help("repeated slashes of a request are merged before the match: write one"));
        }
        if segments.len() == MAX_SEGMENTS {
            return Err(PatternFault::new(range.start..body.len(), "a path has at most 64 segments"));
        }
        let segment = parse_segment(text).map_err(|fault| fault.moved(start))?;
        if matches!(segment, Segment::Name(_)) && segments.contains(&segment) {
            return Err(PatternFault::new(range, format!("`{text}` stands twice in this path")));
        }
        segments.push(segment);
        start += text.len() + 1;
    }
    Ok(segments)
}

fn parse_segment(text: &str) -> Result<Segment, PatternFault> {
    let whole = 0..text.len();
    match text {
        "." | ".." => {
            return Err(PatternFault::new(whole, "dot segments of a request are resolved before the match")
                .help("write the path without them"));
        }
        "*" | "**" => {
            return Err(PatternFault::new(whole, format!("`{text}` is not a wildcard here"))
                .help("a path already covers all below it; one segment of any text is `{name}`"));
        }
        _ => {}
    }
    if let Some(name) = text.strip_prefix(':').filter(|name| check_name(name).is_ok()) {
        return Err(PatternFault::new(whole, "a name stands in braces").help(format!("write `{{{name}}}`")));
    }
    let Some(open) = text.find('{') else {
        return check_literal(text).map(|()| Segment::Literal(text.into()));
    };
    let Some(close) = text[open..].find('}').map(|close| open + close) else {
        return Err(PatternFault::new(open..text.len(), "this brace is not closed")
            .help(format!("write `{}}}`", &text[open..])));
    };
    if open > 0 || close + 1 < text.len() {
        return Err(PatternFault::new(whole, "a `{name}` stands for a whole segment")
            .help("a regular expression can take part of a segment: `~/files/([^/]+)\\.json`"));
    }
    let name = &text[1..close];
    check_name(name).map_err(|fault| fault.moved(1))?;
    Ok(Segment::Name(name.into()))
}

/// A name is a letter or `_`, then letters, digits and `_`.
fn check_name(name: &str) -> Result<(), PatternFault> {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = name.bytes().next().is_some_and(|first| is_inner(first) && !first.is_ascii_digit());
    if starts_well && name.bytes().all(is_inner) {
        return Ok(());
    }
    let message = "a name is a letter or `_`, then letters, digits and `_`";
    Err(PatternFault::new(0..name.len(), message))
}
