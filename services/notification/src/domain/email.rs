//! E-mail addresses.

/// RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, its angle brackets included.
const MAX_LEN: usize = 254;

/// An e-mail address of ASCII (a domain with other letters is written in punycode), at most 254 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
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
                // Beyond the HTML grammar: mail servers refuse stray dots, and a domain without a dot or in
                // brackets names a machine of the operator's network.
                let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
                dots && domain.contains('.') && !domain.starts_with('[')
            });
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidEmail) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
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
        check(" ada.l+tag@mail.example.com ", true);
        check("o'brien@xn--bcher-kva.example", true);
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "a..b@example.com",
            ".a@example.com",
            "a@example.com\r\nBcc: eve@example.com",
            "a@example.com, eve@example.com",
            "Ada <a@example.com>",
            "a\0@example.com",
        ] {
            check(bad, false);
        }
        check(&format!("a@{}.com", "b".repeat(300)), false);
    }
}
