//! Fields by which a service knows its caller. Only the gateway may write them, so a client's own are deleted.
use http::{HeaderMap, HeaderName};

/// The identity fields of the system, in the form that comparison uses.
const IDENTITY: [&str; 3] = ["x-user-id", "x-user-email", "x-user-scope"];

/// Deletes them in every spelling that a service could take for one: any case, `_` for `-`.
pub(crate) fn remove(fields: &mut HeaderMap) {
    let begins_like_one = |name: &HeaderName| matches!(name.as_str().as_bytes(), [b'x', b'-' | b'_', b'u', ..]);
    if !fields.keys().any(begins_like_one) {
        return;
    }
    let forged: Vec<HeaderName> =
        fields.keys().filter(|name| IDENTITY.iter().any(|identity| spells(name.as_str(), identity))).cloned().collect();
    for name in forged {
        fields.remove(name);
    }
}

fn spells(name: &str, identity: &str) -> bool {
    name.len() == identity.len() && name.bytes().zip(identity.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn no_spelling_of_an_identity_gets_through() {
        let mut fields = HeaderMap::new();
        for name in ["x-user-id", "x_user_id", "x-user_email", "x_user-scope", "x-user-agent", "x-u", "accept"] {
            fields.append(name, HeaderValue::from_static("1"));
            fields.append(name, HeaderValue::from_static("2"));
        }
        remove(&mut fields);
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "x-u", "x-user-agent"]);
    }
}
