//! The answers, made once, head and body in one piece, so that each is a single write.

use std::sync::LazyLock;

/// Length of the body of `/small`.
pub const SMALL: usize = 100;
/// Length of the body of `/64k`.
pub const LARGE: usize = 64 * 1024;
/// Length of the body of `/upload` and `/health`.
pub const OK: usize = 2;

static SMALL_ANSWER: LazyLock<Vec<u8>> = LazyLock::new(|| answer("200 OK", &filler(SMALL)));
static LARGE_ANSWER: LazyLock<Vec<u8>> = LazyLock::new(|| answer("200 OK", &filler(LARGE)));
static OK_ANSWER: LazyLock<Vec<u8>> = LazyLock::new(|| answer("200 OK", "ok"));
static NOT_FOUND: LazyLock<Vec<u8>> = LazyLock::new(|| answer("404 Not Found", "no such path"));

/// The whole answer to a request.
pub(super) fn to(method: &str, target: &str) -> &'static [u8] {
    match (method, target) {
        ("GET", "/small") => &SMALL_ANSWER,
        ("GET", "/64k") => &LARGE_ANSWER,
        ("POST", "/upload") | ("GET", "/health") => &OK_ANSWER,
        _ => &NOT_FOUND,
    }
}

/// With the fields that services commonly send, so that a proxy has something to copy.
fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\nCache-Control: no-store\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

fn filler(length: usize) -> String {
    "0123456789abcdef".chars().cycle().take(length).collect()
}
