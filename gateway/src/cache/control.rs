//! `Cache-Control` (RFC 9111 §5.2), of a request or of an answer.
use http::{HeaderMap, header};

/// What the directives say; times in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "directives that do not depend on one another")]
pub(super) struct Control {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) public: bool,
    pub(super) only_if_cached: bool,
    /// `must-revalidate` or `proxy-revalidate`.
    pub(super) must_revalidate: bool,
    pub(super) max_age: Option<u64>,
    pub(super) s_maxage: Option<u64>,
    pub(super) min_fresh: Option<u64>,
    pub(super) stale_while_revalidate: Option<u64>,
    pub(super) stale_if_error: Option<u64>,
}

impl Control {
    /// Those of these fields. `private` and `no-cache` count as a whole where they name fields; of a time that is said
    /// twice, or is none, the shortest holds (§4.2.1).
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut control = Self::default();
        for value in fields.get_all(header::CACHE_CONTROL) {
            for item in split(value.as_bytes()) {
                control.note(item);
            }
        }
        control
    }

    fn note(&mut self, item: &[u8]) {
        let (name, value) = match item.iter().position(|&byte| byte == b'=') {
            Some(at) => (item[..at].trim_ascii(), Some(item[at + 1..].trim_ascii())),
            None => (item, None),
        };
        let name = name.to_ascii_lowercase();
        let slot = match &*name {
            b"no-store" => return self.no_store = true,
            b"no-cache" => return self.no_cache = true,
            b"private" => return self.private = true,
            b"public" => return self.public = true,
            b"only-if-cached" => return self.only_if_cached = true,
            b"must-revalidate" | b"proxy-revalidate" => return self.must_revalidate = true,
            b"max-age" => &mut self.max_age,
            b"s-maxage" => &mut self.s_maxage,
            b"min-fresh" => &mut self.min_fresh,
            b"stale-while-revalidate" => &mut self.stale_while_revalidate,
            b"stale-if-error" => &mut self.stale_if_error,
            _ => return,
        };
        let seconds = value.and_then(seconds).unwrap_or(0);
        *slot = Some(slot.map_or(seconds, |known| known.min(seconds)));
    }
}

/// `delta-seconds` (§1.2.2), plain or quoted; one that is longer than anybody lives is as long as can be.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let most = u64::from(u32::MAX / 2);
    Some(text.iter().fold(0u64, |sum, digit| (sum * 10 + u64::from(digit - b'0')).min(most)))
}

/// The items of a list, whose quoted texts may hold commas.
pub(super) fn split(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let items = value.split(move |&byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' => return !is_quoted,
            _ => {}
        }
        false
    });
    items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], expected: Control) {
        let fields = lines.iter().map(|line| (header::CACHE_CONTROL, line.parse().unwrap())).collect();
        assert_eq!(Control::of(&fields), expected, "{lines:?}");
    }

    #[test]
    fn directives_are_read() {
        let none = Control::default();
        check(&[], none);
        check(&["Max-Age=60, PUBLIC"], Control { max_age: Some(60), public: true, ..none });
        check(&["max-age=\"60\"", "s-maxage=5"], Control { max_age: Some(60), s_maxage: Some(5), ..none });
        check(&["max-age=60, max-age=5"], Control { max_age: Some(5), ..none });
        check(&["max-age=-1"], Control { max_age: Some(0), ..none });
        check(&["max-age"], Control { max_age: Some(0), ..none });
        check(&["max-age=99999999999999999999999"], Control { max_age: Some(u64::from(u32::MAX / 2)), ..none });
        check(
            &["private=\"set-cookie, max-age=5\", no-cache=\"a\""],
            Control { private: true, no_cache: true, ..none },
        );
        check(&["proxy-revalidate,,no-store"], Control { must_revalidate: true, no_store: true, ..none });
        check(
            &["stale-while-revalidate=3,stale-if-error=4,ext=\"a,no-store\""],
            Control { stale_while_revalidate: Some(3), stale_if_error: Some(4), ..none },
        );
    }
}
