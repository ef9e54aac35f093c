//! The way back from a service's path to a client's, for documents that tell clients what there is. A path here is a
//! template: `/users/{id}`.
//!
//! What comes out is a candidate. Only the table says whether a request takes this route, and only the forward way what
//! becomes of its path: whoever asks here tries that with an example.
use http::{HeaderMap, HeaderValue};

use super::{
    PathPattern, Rewrite, RoutePattern,
    condition::Expected,
    pattern::{Segment, Shape},
    rewrite::Part,
};

#[cfg(test)]
mod tests;

/// What a request needs beside method and path so that a route's conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// As in [`Query::host`](super::Query::host); empty for any.
    pub host: String,
    /// The header fields.
    pub headers: HeaderMap,
    /// The query.
    pub query: Option<String>,
}

impl RoutePattern {
    /// A request that this route's conditions hold for; `None` where one of them is an expression.
    pub fn example(&self) -> Option<Example> {
        let mut headers = HeaderMap::new();
        for condition in &self.headers {
            headers.append(&condition.name, HeaderValue::from_str(condition.value.example()?).ok()?);
        }
        let mut pairs = Vec::new();
        for condition in &self.query {
            pairs.push(format!("{}={}", encoded(&condition.name), encoded(condition.value.example()?)));
        }
        let host = self.host.as_ref().map_or("", |host| host.as_str());
        let host = host.strip_prefix('*').map_or_else(|| host.to_owned(), |domain| format!("any{domain}"));
        Some(Example { host, headers, query: (!pairs.is_empty()).then(|| pairs.join("&")) })
    }
}

impl Expected {
    fn example(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Present => Some("1"),
            Self::Regex(_) => None,
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

impl PathPattern {
    /// The path of a client whose path, without what this pattern covers, is `target`. `None` for an expression.
    pub fn before(&self, target: &str) -> Option<String> {
        match &self.shape() {
            Shape::Exact(_) if target != "/" => None,
            Shape::Exact(_) => Some(self.with(target, |_| None)),
            Shape::Prefix(_) => Some(self.with(target, |_| None) + target),
            Shape::Regex(_) => None,
        }
    }

    /// This pattern as a path, with what `taken` gives for a parameter's number, or else a name that `target` has not.
    fn with<'t>(&self, target: &str, taken: impl Fn(usize) -> Option<&'t str>) -> String {
        let mut path = String::new();
        let mut parameter = 0;
        for segment in self.segments() {
            path.push('/');
            match segment {
                Segment::Literal(text) => path.push_str(text),
                Segment::Name(name) => {
                    match taken(parameter) {
                        Some(text) => path.push_str(text),
                        None => path.push_str(&unused(name, target)),
                    }
                    parameter += 1;
                }
            }
        }
        path
    }
}

/// `{name}`, with more to it where `target` has one of this name.
fn unused(name: &str, target: &str) -> String {
    let mut name = format!("{{{name}}}");
    while target.contains(&name) {
        name.insert(name.len() - 1, '_');
    }
    name
}

impl Rewrite {
    /// The path of a client that `pattern`, whose rewrite this is, makes into `target`. `None` where there is none, and
    /// where a parameter is less than a segment or an expression's.
    pub fn before(&self, pattern: &PathPattern, target: &str) -> Option<String> {
        let is_prefix = match pattern.shape() {
            Shape::Exact(_) => false,
            Shape::Prefix(_) => true,
            Shape::Regex(_) => return None,
        };
        let mut template = self.segments()?;
        let mut segments = target.strip_prefix('/')?.split('/');
        if is_prefix && template.last() == Some(&Part::Text("".into())) {
            template.pop();
        }
        let mut taken: Vec<(usize, &str)> = Vec::new();
        for part in &template {
            let segment = segments.next()?;
            match part {
                Part::Text(text) if **text == *segment => {}
                Part::Text(_) => return None,
                Part::Param(number)
                    if segment.is_empty() || taken.iter().any(|(other, text)| other == number && *text != segment) =>
                {
                    return None;
                }
                Part::Param(number) => taken.push((*number, segment)),
            }
        }
        let rest: Vec<&str> = segments.collect();
        if !is_prefix && !rest.is_empty() {
            return None;
        }
        let find = |number| taken.iter().find(|(other, _)| *other == number).map(|(_, text)| *text);
        let mut path = pattern.with(target, find);
        for segment in rest {
            path.push('/');
            path.push_str(segment);
        }
        Some(if path.is_empty() { "/".into() } else { path })
    }

    /// What stands between its slashes; `None` where that is a parameter and more.
    fn segments(&self) -> Option<Vec<Part>> {
        let mut segments: Vec<Vec<Part>> = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let mut pieces = text.split('/');
                    let first = pieces.next().unwrap_or_default();
                    if !first.is_empty() {
                        segments.last_mut()?.push(Part::Text(first.into()));
                    }
                    segments.extend(
                        pieces.map(|piece| if piece.is_empty() { Vec::new() } else { vec![Part::Text(piece.into())] }),
                    );
                }
                Part::Param(number) => segments.last_mut()?.push(Part::Param(*number)),
            }
        }
        let whole = segments.into_iter().map(|mut segment| match segment.len() {
            0 => Some(Part::Text("".into())),
            1 => segment.pop(),
            _ => None,
        });
        whole.collect()
    }
}
