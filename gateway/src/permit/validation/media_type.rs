//! Types of bodies (RFC 9110 §8.3.1) and lists of those that a route takes.
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The types that a route takes, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentTypes {
    /// Lower case: `application/json`, `text/*`.
    ranges: Vec<Box<str>>,
    /// The same, as `Accept` has it.
    field: HeaderValue,
}

impl ContentTypes {
    /// Of `application/json` and `text/*`, in any case; the place of the first that is neither.
    pub(crate) fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, usize> {
        let ranges = texts.into_iter().enumerate().map(|(at, text)| {
            let range = text.to_ascii_lowercase();
            let (kind, subtype) = range.split_once('/').ok_or(at)?;
            let is_good =
                is_token(kind) && kind != "*" && is_token(subtype) && (subtype == "*" || !subtype.contains('*'));
            if is_good { Ok(range.into()) } else { Err(at) }
        });
        let ranges: Vec<Box<str>> = ranges.collect::<Result<_, _>>()?;
        let field = HeaderValue::try_from(ranges.join(", ")).expect("types are tokens");
        Ok(Self { ranges, field })
    }

    /// `application/json, text/*`: the `Accept` of a 415 (RFC 9110 §15.5.16).
    pub(crate) fn field(&self) -> &HeaderValue {
        &self.field
    }

    /// As the file has them, in lower case.
    pub(crate) fn shown(&self) -> &[Box<str>] {
        &self.ranges
    }

    /// Whether a body of JSON can be of one of them.
    pub(crate) fn take_json(&self) -> bool {
        let is_json = |range: &str| matches!(range, "application/json" | "application/*") || range.ends_with("+json");
        self.ranges.iter().any(|range| is_json(range))
    }

    pub(super) fn take(&self, media_type: &MediaType) -> bool {
        let kind = media_type.essence.split('/').next().unwrap_or_default();
        self.ranges.iter().any(|range| {
            **range == *media_type.essence || range.strip_suffix("/*").is_some_and(|any_of| any_of == kind)
        })
    }
}

/// The type of one message's body.
#[derive(Debug)]
pub(super) struct MediaType {
    /// Lower case, without parameters: `application/json`.
    essence: String,
    /// Whether it says that its text is something other than UTF-8.
    is_foreign: bool,
}

impl MediaType {
    /// What `Content-Type` says; none where it says nothing, or cannot be read in one way only.
    pub(super) fn of(fields: &HeaderMap) -> Option<Self> {
        let text = only(&header::CONTENT_TYPE, fields)?.to_str().ok()?;
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        let is_foreign = charsets.any(|(_, value)| !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"));
        Some(Self { essence, is_foreign })
    }

    /// `application/json` or `…+json` (RFC 6839 §3.1), of which there is none but in UTF-8 (RFC 8259 §8.1): a body that
    /// claims another charset would be checked in one reading and used in the other.
    pub(super) fn is_json(&self) -> bool {
        (self.essence == "application/json" || self.essence.ends_with("+json")) && !self.is_foreign
    }
}

/// The value of a field that comes exactly once.
fn only<'f>(name: &HeaderName, fields: &'f HeaderMap) -> Option<&'f HeaderValue> {
    let mut values = fields.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests;
