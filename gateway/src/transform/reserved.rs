//! Names that a client may not speak under: those by which a service knows its caller, and every spelling by which a
//! service could take a client's field for one of the gateway's.
use http::{HeaderMap, HeaderName};

/// Who calls: only the gateway may say, so a client's own are deleted in every spelling.
const IDENTITY: [&str; 3] = ["x-user-id", "x-user-email", "x-user-scope"];
/// Fields that the gateway writes under their right name. With `_` for `-` they are nobody's: a server that hands
/// fields on as variables (CGI, WSGI) can't tell the two apart.
const OURS: [&str; 6] =
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id"];

/// Deletes them.
pub(crate) fn remove(fields: &mut HeaderMap) {
    if !fields.keys().any(may_be_reserved) {
        return;
    }
    let reserved: Vec<HeaderName> = fields.keys().filter(|name| is_reserved(name.as_str())).cloned().collect();
    for name in reserved {
        fields.remove(name);
    }
}

/// Whether a name is worth a closer look: `x-u…`, or an `x` with `_` somewhere.
fn may_be_reserved(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    name[0] == b'x' && (name.get(2) == Some(&b'u') || name.contains(&b'_'))
}

fn is_reserved(name: &str) -> bool {
    IDENTITY.iter().any(|identity| spells(name, identity))
        || (name.contains('_') && OURS.iter().any(|ours| spells(name, ours)))
}

fn spells(name: &str, reserved: &str) -> bool {
    name.len() == reserved.len() && name.bytes().zip(reserved.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn no_spelling_of_a_reserved_name_gets_through() {
        let mut fields = HeaderMap::new();
        let forged = ["x-user-id", "x_user_id", "x-user_email", "x_user-scope", "x_forwarded_for", "x-real_ip"];
        let harmless = ["accept", "x-forwarded-for", "x-u", "x-user-agent", "x_y"];
        for name in forged.into_iter().chain(harmless) {
            fields.append(name, HeaderValue::from_static("1"));
            fields.append(name, HeaderValue::from_static("2"));
        }
        remove(&mut fields);
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, harmless);
    }
}
