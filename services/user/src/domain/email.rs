//! E-mail addresses.

use std::fmt;

/// RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, its angle brackets included.
const MAX_LEN: usize = 254;

/// An e-mail address of ASCII (a domain with other letters is written in punycode), at most 254
/// characters. It is kept as it was written and compared without case.
#[derive(Debug, Clone)]
pub struct Email(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, of at most 254 characters")]
pub struct InvalidEmail;

impl Email {
    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let valid = text.len() <= MAX_LEN
            && garde::rules::email::parse_email(text).is_ok()
            && text.split_once('@').is_some_and(|(local, domain)| {
                // What the HTML grammar lets through and no mail server takes.
                let dots = !local.starts_with('.') && !local.ends_with('.');
                dots && !local.contains("..") && domain.contains('.') && !domain.starts_with('[')
            });
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidEmail) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it compares: two addresses are the same when their keys are.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Email {}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        fn check(text: &str, valid: bool) {
            assert_eq!(Email::parse(text).is_ok(), valid, "{text:?}");
        }
        check("ada@example.com", true);
        check(" ada@example.com ", true);
        check("Ada.Lovelace+x@sub.example.co.uk", true);
        check("o'brien@example.com", true);
        check("ada@xn--bcher-kva.example", true);
        for bad in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..b@example.com",
            "ada@-example.com",
            "ada@example..com",
            "ada@example.com.",
            "ada@[127.0.0.1]",
            "ada@example.com\nBcc: x@y.z",
            "ada\0@example.com",
            "ädä@example.com",
            "ada@bücher.example",
            "<ada@example.com>",
            "ada@example.com;x@y.z",
        ] {
            check(bad, false);
        }
        check(&format!("{}@example.com", "a".repeat(65)), false);
        check(&format!("a@{}.com", "b.".repeat(130)), false);
    }

    #[test]
    fn case_does_not_tell_two_apart() {
        let (one, other) = (Email::parse("Ada@Example.com").unwrap(), Email::parse("aDA@example.COM").unwrap());
        assert_eq!(one, other);
        assert_eq!(one.key(), other.key());
        assert_eq!(one.as_str(), "Ada@Example.com");
    }
}
