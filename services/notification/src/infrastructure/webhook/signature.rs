//! What a webhook's receiver knows its sender by.

use std::fmt::Write;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};

/// `t=SECONDS,v1=HEX`: the time of the signature, and the HMAC-SHA256 under `secret` of `SECONDS.BODY`. With
/// the time in it, a receiver can refuse what was recorded long ago.
pub(super) fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&Key::new(HMAC_SHA256, secret.as_bytes()));
    context.update(seconds.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    let mut text = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    #[test]
    fn the_signature_is_that_of_any_other_tool() {
        let expected = "9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23";
        assert_eq!(sign("0123456789abcdef", 1_700_000_000, b"{\"a\":1}"), format!("t=1700000000,v1={expected}"));
    }
}
