//! CASES 1, 4–7 and 10: a message that two parsers could read differently reaches no upstream.
use e2e::{End, Gateway, Upstream};

/// A gateway whose upstream records, for one table.
pub(crate) struct Table {
    upstream: Upstream,
    gateway: Gateway,
    sentinels: usize,
}

impl Table {
    pub(crate) fn new() -> Self {
        let upstream = Upstream::ok();
        let gateway = Gateway::before(&upstream);
        Self { upstream, gateway, sentinels: 0 }
    }

    /// One answer with one of `statuses`, the connection closed, and no request came whole at the upstream.
    pub(crate) fn refused(&mut self, bytes: impl AsRef<[u8]>, statuses: &[u16]) {
        let bytes = bytes.as_ref();
        let what = bytes[..bytes.len().min(300)].escape_ascii();
        let (answer, end) = self.gateway.raw(bytes);
        let text = String::from_utf8_lossy(&answer);
        let status = text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        assert!(statuses.contains(&status), "{what}\ngot {text:?}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{what}\ngot {text:?}");
        assert_eq!(end, End::Closed, "{what}");
        self.sentinel(&what.to_string());
    }

    /// What comes next at the upstream is the test's own request, and it is the only one.
    fn sentinel(&mut self, what: &str) {
        self.sentinels += 1;
        assert_eq!(self.gateway.get("/sentinel").status(), 200);
        let targets: Vec<String> = self.upstream.requests().iter().map(|request| request.start.clone()).collect();
        assert_eq!(targets, vec!["GET /sentinel HTTP/1.1"; self.sentinels], "{what}");
    }
}

/// Each head, as a POST, is a 400, and so it is when its connection has served a request before.
fn check(heads: &[&str]) {
    let mut table = Table::new();
    for head in heads {
        table.refused(format!("POST /refused HTTP/1.1\r\nHost: a\r\n{head}"), &[400]);
    }
}

/// A request that nobody has authorised.
pub(crate) const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_length_and_a_coding_are_refused() {
    check(&[
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
        &format!("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\n{SMUGGLED}\r\n0\r\n\r\n"),
        "content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ]);
}

#[test]
fn a_length_is_one_plain_number() {
    check(&[
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "Content-Length: 5, 6\r\n\r\nhello!",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: -1\r\n\r\nhello",
        "Content-Length: 0x5\r\n\r\nhello",
        "Content-Length: 1_0\r\n\r\nhellohello",
        "Content-Length: \r\n\r\nhello",
        "Content-Length:\r\n\r\nhello",
        "Content-Length: 00000000000000000005\r\n\r\nhello",
        "Content-Length: 18446744073709551616\r\n\r\nhello",
        "Content-Length: 5 5\r\n\r\nhello",
        "Content-Length: 5;\r\n\r\nhello",
        "Content-Length: \"5\"\r\n\r\nhello",
        "Content-Length: \u{665}\r\n\r\nhello",
    ]);
}

#[test]
fn a_coding_is_chunked_once() {
    let mut table = Table::new();
    for coding in [
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:",
        "Transfer-Encoding: ,chunked",
    ] {
        table.refused(format!("POST / HTTP/1.1\r\nHost: a\r\n{coding}\r\n\r\n0\r\n\r\n{SMUGGLED}"), &[400, 501]);
    }
}

/// `Transfer_Encoding` is a field like any other by RFC 9110, and some servers read it as the one with a dash.
#[test]
fn a_coding_in_disguise_frames_nothing_and_is_not_forwarded() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(
        "POST /disguised HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    );
    let answer = client.answer_to("POST").unwrap();
    assert!([200, 400, 501].contains(&answer.status()), "{answer:?}");
    for request in upstream.requests() {
        assert_eq!(request.body, b"0\r\n\r\n");
        assert!(request.fields.iter().all(|(name, _)| name != "transfer_encoding"), "{request:?}");
    }
}

#[test]
fn fields_have_one_form() {
    check(&[
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Content-Length : 5\r\n\r\nhello",
        "X-A: 1\r\n folded: yes\r\nContent-Length: 0\r\n\r\n",
        "X-A: 1\r\n\tfolded\r\nContent-Length: 0\r\n\r\n",
        ": empty\r\n\r\n",
        "X-A: nul\0inside\r\n\r\n",
        "X-A\0: 1\r\n\r\n",
        "X-A: 1\u{1}\r\n\r\n",
        "X-A: 1\u{7f}\r\n\r\n",
        "X A: 1\r\n\r\n",
        "X(A): 1\r\n\r\n",
        "no colon here\r\n\r\n",
        "X-\u{e4}: 1\r\n\r\n",
    ]);
    let mut table = Table::new();
    for first in [" X-A: 1", "\tX-A: 1", " Host: b"] {
        table.refused(format!("GET / HTTP/1.1\r\n{first}\r\nHost: a\r\n\r\n"), &[400]);
    }
}

#[test]
fn a_line_ends_with_crlf() {
    let mut table = Table::new();
    for bytes in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\rX-A: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\rX-A: 1\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        table.refused(bytes, &[400]);
    }
}

#[test]
fn a_request_line_has_three_words_and_a_known_version() {
    let mut table = Table::new();
    for line in [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/\tHTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /",
        "GET / http/1.1",
        "GET / HTTP/1.10",
        "GET / HTTP/11",
        "GET / HTTP/ 1.1",
        "G(T / HTTP/1.1",
        "GET\0 / HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
    ] {
        table.refused(format!("{line}\r\nHost: a\r\n\r\n"), &[400]);
    }
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/3.0", "HTTP/0.9"] {
        table.refused(format!("GET / {version}\r\nHost: a\r\n\r\n"), &[400, 505]);
    }
}

/// As HTTP/2 demands of a connection that begins as neither version does (RFC 9113 §3.4); later lines are answered.
#[test]
fn what_does_not_begin_like_http_is_cut_off() {
    let table = Table::new();
    for bytes in ["INVALID CONNECTION PREFACE\r\n\r\n", "EHLO example.com\r\nA: b\r\n\r\n"] {
        assert_eq!(table.gateway.raw(bytes.as_bytes()), (Vec::new(), End::Closed), "{bytes}");
    }
    let (answer, _) = table.gateway.raw(b"GET /users HTTP/1.1\r\nHost: a\r\n\r\nEHLO example.com\r\n\r\n");
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("HTTP/1.1 400"), "{text}");
}

#[test]
fn an_old_version_has_no_coding() {
    let mut table = Table::new();
    table.refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400]);
    let both = "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 3";
    table.refused(format!("POST / HTTP/1.0\r\nHost: a\r\n{both}\r\n\r\n0\r\n\r\n"), &[400]);
}
