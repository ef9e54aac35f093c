//! Names that a client may not speak under: those by which a service knows its caller, and every spelling by which a
//! service could take a client's field for one of the gateway's.
use http::{HeaderMap, HeaderName};
use smallvec::SmallVec;

/// Who calls: only the gateway may say, whatever the file says of other names.
const IDENTITY: [&str; 3] = ["x-user-id", "x-user-email", "x-user-scope"];
/// Fields that the gateway writes under their right name. With `_` for `-` they are nobody's: a server that hands
/// fields on as variables (CGI, WSGI) can't tell the two apart.
const OURS: [&str; 6] =
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id"];

/// The names of one configuration.
#[derive(Debug)]
pub(crate) struct Reserved {
    /// With `-` for `_`.
    identity: Vec<Box<str>>,
    /// Where API keys are shown: spelt so they are for stage 5 to take out.
    keys: Vec<HeaderName>,
    /// For each first letter, which lengths a reserved name has: a bit each, the last for all that are longer. So a look
    /// at a name that is not reserved is one load.
    lengths: [u64; 32],
}

impl Reserved {
    /// Those that always hold, the fields in which the file says who calls, and those in which `keys` are shown.
    pub(crate) fn new<'n>(identity: impl IntoIterator<Item = &'n HeaderName>, keys: Vec<HeaderName>) -> Self {
        let dashed = |name: &HeaderName| name.as_str().replace('_', "-").into();
        let own = identity.into_iter().map(dashed).chain(keys.iter().map(dashed));
        let mut identity: Vec<Box<str>> = IDENTITY.into_iter().map(Into::into).chain(own).collect();
        identity.sort_unstable();
        identity.dedup();
        let mut lengths = [0; 32];
        for name in identity.iter().map(|name| &**name).chain(OURS) {
            lengths[usize::from(name.as_bytes()[0] & 31)] |= length_bit(name);
            // `_` is no letter, and may stand first.
            if name.starts_with('-') {
                lengths[usize::from(b'_' & 31)] |= length_bit(name);
            }
        }
        Self { identity, keys, lengths }
    }

    /// Deletes them from a request's fields, in whatever spelling, but for API keys in their place.
    pub(crate) fn remove(&self, fields: &mut HeaderMap) {
        self.remove_unless(fields, |name| self.keys.contains(name));
    }

    /// Deletes them from trailers, where no key is looked for.
    pub(crate) fn remove_all(&self, trailers: &mut HeaderMap) {
        self.remove_unless(trailers, |_| false);
    }

    fn remove_unless(&self, fields: &mut HeaderMap, is_spared: impl Fn(&HeaderName) -> bool) {
        if !fields.keys().any(|name| self.may_be(name.as_str())) {
            return;
        }
        let is_reserved = |name: &&HeaderName| self.may_be(name.as_str()) && self.is(name.as_str()) && !is_spared(name);
        let reserved = fields.keys().filter(is_reserved);
        let reserved: SmallVec<[HeaderName; 4]> = reserved.cloned().collect();
        for name in reserved {
            fields.remove(name);
        }
    }

    /// Whether a name is worth a closer look.
    fn may_be(&self, name: &str) -> bool {
        self.lengths[usize::from(name.as_bytes()[0] & 31)] & length_bit(name) != 0
    }

    fn is(&self, name: &str) -> bool {
        self.identity.iter().any(|identity| spells(name, identity))
            || (name.contains('_') && OURS.iter().any(|ours| spells(name, ours)))
    }
}

/// Whether a field tells who calls whatever the file says, in whatever spelling.
pub(crate) fn says_who_calls(name: &HeaderName) -> bool {
    IDENTITY.iter().any(|identity| spells(name.as_str(), identity))
}

fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

fn spells(name: &str, reserved: &str) -> bool {
    name.len() == reserved.len() && name.bytes().zip(reserved.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(own: &[&'static str], names: &[&'static str], left: &[&str]) {
        let own: Vec<_> = own.iter().map(|name| HeaderName::from_static(name)).collect();
        let mut fields = HeaderMap::new();
        for name in names {
            fields.append(*name, HeaderValue::from_static("1"));
            fields.append(*name, HeaderValue::from_static("2"));
        }
        Reserved::new(&own, Vec::new()).remove(&mut fields);
        let mut found: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, left);
    }

    #[test]
    fn no_spelling_of_a_reserved_name_gets_through() {
        let forged = ["x-user-id", "x_user_id", "x-user_email", "x_user-scope", "x_forwarded_for", "x-real_ip"];
        let harmless = ["accept", "x-forwarded-for", "x-u", "x-user-agent", "x_y"];
        check(&[], &[&forged[..], &harmless].concat(), &harmless);
    }

    #[test]
    fn the_files_own_names_are_reserved_too() {
        let long = "tenant-of-the-caller-as-the-issuer-has-it-in-its-own-books-and-elsewhere";
        check(
            &["remote_user", long],
            &["remote-user", "remote_user", "remote-uses", long, "x-user-id"],
            &["remote-uses"],
        );
        check(&[], &["remote-user", "x-user-id"], &["remote-user"]);
    }

    #[test]
    fn a_key_in_its_place_is_left_for_stage_5() {
        let reserved = Reserved::new([], vec![HeaderName::from_static("x-api-key")]);
        let all = || {
            ["x-api-key", "x_api_key", "x-user-id"]
                .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")))
        };
        let (mut fields, mut trailers) = (HeaderMap::from_iter(all()), HeaderMap::from_iter(all()));
        reserved.remove(&mut fields);
        reserved.remove_all(&mut trailers);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["x-api-key"]);
        assert!(trailers.is_empty());
    }
}
