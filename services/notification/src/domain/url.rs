//! Where webhooks go.

use url::Url;

/// The longest URL, in bytes.
const MAX_LEN: usize = 2_048;

/// An `http` or `https` URL with a host and without user information, at most 2,048 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

/// Why a text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an http or https URL without user and password, of at most 2048 bytes")]
pub struct InvalidUrl;

impl WebhookUrl {
    /// Parses it; spaces around it are no part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let text = text.trim();
        // The URL standard lets tabs and line ends through by dropping them.
        if text.len() > MAX_LEN || text.chars().any(char::is_control) {
            return Err(InvalidUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidUrl)?;
        let scheme = matches!(url.scheme(), "http" | "https");
        // A password in a URL would be stored, shown and logged with it.
        let anonymous = url.username().is_empty() && url.password().is_none();
        if scheme && url.has_host() && anonymous { Ok(Self(text.to_owned())) } else { Err(InvalidUrl) }
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
    fn urls_are_checked() {
        fn check(text: &str, valid: bool) {
            assert_eq!(WebhookUrl::parse(text).is_ok(), valid, "{text:?}");
        }
        check("https://example.com/hooks?of=ada", true);
        check(" http://example.com:8080 ", true);
        check("http://[2001:db8::1]/", true);
        for bad in [
            "",
            "example.com/hooks",
            "/hooks",
            "ftp://example.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            "https://ada:secret@example.com/",
            "https://ada@example.com/",
            "https://example.com:99999/",
            "https://exa mple.com/",
            "https://example.com/\r\nx: y",
        ] {
            check(bad, false);
        }
        check(&format!("https://example.com/{}", "a".repeat(2_048)), false);
    }
}
