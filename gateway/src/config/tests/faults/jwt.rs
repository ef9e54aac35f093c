//! `[[jwt]]`.
use super::{SERVICE, before_service, check};

#[test]
fn the_issuers() {
    for (text, expected) in [
        ("audience = []", "4:12 bad_audience"),
        ("audience = [\"\"]", "4:13 bad_audience"),
        ("audience = 1", "4:12 wrong_type"),
        ("algorithms = []", "4:14 bad_algorithm"),
        ("algorithms = \"none\"", "4:14 bad_algorithm"),
        ("algorithms = [\"HS256\", \"nOnE\"]", "4:24 bad_algorithm"),
        ("algorithms = [\"hs256\"]", "4:15 bad_algorithm"),
        ("algorithms = [\"ES512\"]", "4:15 bad_algorithm"),
        ("algorithms = [\"HS256\", \"RS256\"]", "4:24 conflict"),
        ("jwks = { service = \"user\" }", "3:10 conflict"),
        ("leeway = \"6m\"", "4:10 out_of_range"),
        ("leeway = 5", "4:10 wrong_type"),
        ("claims.sub = \"X User\"", "4:14 bad_header_name"),
        ("claims.sub = \"Connection\"", "4:14 reserved_header"),
        ("claims.sub = \"content_length\"", "4:14 reserved_header"),
        ("claims.sub = \"Host\"", "4:14 reserved_header"),
        ("claims.sub = \"X-Forwarded_For\"", "4:14 reserved_header"),
        ("claims.sub = \"X-Request-Id\"", "4:14 reserved_header"),
        ("claims.sub = \"Authorization\"", "4:14 reserved_header"),
        ("claims.'' = \"X-A\"", "4:8 bad_claim"),
        ("claims = { a = \"X-A\", b = \"x_a\" }", "4:27 duplicate_header"),
        ("iss = \"a\"", "4:1 unknown_key"),
        ("[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"", "5:10 duplicate_issuer"),
        ("[defaults]\nauth = \"none\"\nscopes = \"a\"", "6:10 conflict"),
    ] {
        in_jwt(text, &[expected]);
    }
    for (keys, expected) in [
        ("issuer = \"a\"", "1:1 missing_key"),
        ("secret = \"${JWT_SECRET}\"", "1:1 missing_key"),
        ("issuer = \"\"\nsecret = \"${JWT_SECRET}\"", "2:10 bad_issuer"),
        ("issuer = \"a\"\nsecret = \"${PASSWORD}\"", "3:10 short_secret"),
        ("issuer = \"a\"\nsecret = \"0123456789012345678901234567890\"", "3:10 short_secret"),
        ("issuer = \"a\"\nalgorithms = \"HS512\"\nsecret = \"01234567890123456789012345678901\"", "4:10 short_secret"),
        ("issuer = \"a\"\njwks = {}", "3:8 missing_key"),
        ("issuer = \"a\"\njwks = { service = \"nobody\" }", "3:20 unknown_service"),
        ("issuer = \"a\"\njwks = { service = \"user\", path = \"keys\" }", "3:35 bad_url"),
        ("issuer = \"a\"\njwks = { service = \"user\", url = \"http://a/\" }", "3:34 conflict"),
        ("issuer = \"a\"\njwks = { url = \"http://a/\", path = \"/k\" }", "3:36 conflict"),
        ("issuer = \"a\"\njwks = { url = \"ftp://a/\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"/keys\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"http://a/#k\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { url = \"http://joe:pw@a/\" }", "3:16 bad_url"),
        ("issuer = \"a\"\njwks = { file = \"no-such-file.json\" }", "3:17 file_unreadable"),
        ("issuer = \"a\"\njwks = { file = \"Cargo.toml\" }", "3:17 no_keys"),
        ("issuer = \"a\"\nalgorithms = \"ES256\"\njwks = { file = \"src/config/tests/keys.json\" }", "4:17 no_keys"),
        ("issuer = \"a\"\njwks.service = \"user\"\nalgorithms = [\"EdDSA\", \"HS256\"]", "4:24 conflict"),
    ] {
        jwt(keys, &[expected]);
    }
    jwt("algorithms = 1", &["1:1 missing_key", "1:1 missing_key", "2:14 wrong_type"]);
}

/// `text` in a file with an issuer, after its `issuer` and `secret` in line 3.
#[track_caller]
fn in_jwt(text: &str, expected: &[&str]) {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\n";
    check(&format!("{block}{text}\n{SERVICE}"), expected);
}

/// A block with these keys alone, from line 2 on.
#[track_caller]
fn jwt(keys: &str, expected: &[&str]) {
    before_service(&format!("[[jwt]]\n{keys}"), expected);
}
