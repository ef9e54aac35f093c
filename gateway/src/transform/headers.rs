//! The operator's rules for fields: `request_headers` and `response_headers`.
use http::HeaderMap;

use crate::config::HeaderRules;

/// Does what the rules say, in their documented order: remove, set, add.
pub(crate) fn apply(rules: &HeaderRules, fields: &mut HeaderMap) {
    for name in &rules.remove {
        fields.remove(name);
    }
    for (name, value) in &rules.set {
        fields.insert(name, value.clone());
    }
    for (name, value) in &rules.add {
        fields.append(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn remove_comes_first_and_add_last() {
        let value = HeaderValue::from_static;
        let rules = HeaderRules {
            set: vec![(header::VIA, value("set"))],
            add: vec![(header::VIA, value("added")), (header::AGE, value("1"))],
            remove: vec![header::SERVER, header::VIA],
        };
        let mut fields = HeaderMap::new();
        fields.append(header::SERVER, value("old"));
        fields.append(header::VIA, value("old"));
        apply(&rules, &mut fields);
        assert!(!fields.contains_key(header::SERVER));
        assert_eq!(fields.get_all(header::VIA).iter().collect::<Vec<_>>(), ["set", "added"]);
        assert_eq!(fields[header::AGE], "1");
    }
}
