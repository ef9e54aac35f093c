//! `Vary`: what else of a request its answer depends on (RFC 9110 §12.5.5).
use http::{HeaderMap, HeaderValue, header};

/// Adds `name` to what is there, on one line, unless it is there already or `*` says it all.
pub(crate) fn add(fields: &mut HeaderMap, name: &'static str) {
    let mut lines = fields.get_all(header::VARY).iter().peekable();
    if lines.peek().is_none() {
        fields.insert(header::VARY, HeaderValue::from_static(name));
        return;
    }
    let mut all = Vec::new();
    for line in lines {
        let mut items = line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        if items.any(|item| item == b"*" || item.eq_ignore_ascii_case(name.as_bytes())) {
            return;
        }
        let line = line.as_bytes().trim_ascii();
        if !line.is_empty() {
            all.extend_from_slice(line);
            all.extend_from_slice(b", ");
        }
    }
    all.extend_from_slice(name.as_bytes());
    fields.insert(header::VARY, HeaderValue::from_bytes(&all).expect("values joined by commas are one"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &[&'static str], expected: &[&str]) {
        let mut fields = HeaderMap::new();
        for value in given {
            fields.append(header::VARY, HeaderValue::from_static(value));
        }
        add(&mut fields, "Origin");
        let once: Vec<_> =
            fields.get_all(header::VARY).iter().map(|value| value.to_str().unwrap().to_owned()).collect();
        assert_eq!(once, expected, "{given:?}");
        add(&mut fields, "Origin");
        assert_eq!(fields.get_all(header::VARY).iter().count(), expected.len(), "twice is as once");
    }

    #[test]
    fn it_is_merged_and_never_doubled() {
        check(&[], &["Origin"]);
        check(&[""], &["Origin"]);
        check(&["Accept"], &["Accept, Origin"]);
        check(&["Accept", "Cookie, Accept-Encoding"], &["Accept, Cookie, Accept-Encoding, Origin"]);
        check(&["Accept, origin"], &["Accept, origin"]);
        check(&["Accept", "ORIGIN"], &["Accept", "ORIGIN"]);
        check(&["*"], &["*"]);
        check(&["X-Origin"], &["X-Origin, Origin"]);
    }
}
