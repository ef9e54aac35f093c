//! The binary as an operator meets it: its line, its signals, its exit codes, its log.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::path::Path;
use std::time::Duration;

use kit::testing::process::{self, DEADLINE, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const USER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

const BINARY: &str = env!("CARGO_BIN_EXE_notification");

async fn start(folder: &Path, pairs: &[(&str, &str)]) -> Process {
    Process::start(BINARY, folder, pairs).await
}

/// Sends a request of [`USER`]; gives the whole answer.
async fn ask(process: &Process, request: &str, body: &str) -> String {
    process::request(&process.address, request, &[("x-user-id", USER)], body).await.unwrap()
}

async fn end(process: &mut Process, signal: i32) -> Option<i32> {
    process.signal(signal);
    process.exit().await
}

fn body(channel: &str, recipient: &str) -> String {
    format!(
        "{{\"channel\":\"{channel}\",\"recipient\":\"{recipient}\",\"subject\":\"a-subject\",\"message\":\"a-message\"}}"
    )
}

#[tokio::test]
async fn it_serves_ends_cleanly_and_logs_nothing_of_what_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = [
        ("WEBHOOK_SECRET", "the webhooks' secret"),
        ("SMTP_URL", "smtp://house:hunter2hunter2@127.0.0.1:1?tls=none"),
        ("SMTP_FROM", "house@example.com"),
        ("DELIVERY_ATTEMPTS", "1"),
    ];
    let mut process = start(folder.path(), &pairs).await;
    assert!(ask(&process, "GET /health", "").await.starts_with("HTTP/1.1 200 OK\r\n"));
    for (channel, recipient) in
        [("log", "a-recipient"), ("email", "a-recipient@example.com"), ("webhook", "http://localhost:1/a-recipient")]
    {
        let made = ask(&process, "POST /notifications", &body(channel, recipient)).await;
        let id = made.split("\"id\":\"").nth(1).unwrap_or_else(|| panic!("{made}"));
        let sent = ask(&process, &format!("POST /notifications/{}/send", &id[..36]), "").await;
        assert!(sent.starts_with("HTTP/1.1 200 OK\r\n") && sent.contains("a-subject"), "{sent}");
    }
    assert!(folder.path().join("data/notification.db").exists(), "the default database");
    assert_eq!(end(&mut process, 15).await, Some(0));
    let mut delivered = 0;
    while let Some(line) = process.lines.next_line().await.unwrap() {
        for private in ["a-subject", "a-message", "a-recipient", "hunter2", "secret"] {
            assert!(!line.contains(private), "{line}");
        }
        delivered += usize::from(line.contains("not delivered") || line.contains(" notification "));
    }
    assert!(delivered >= 3, "each delivery has its line");
}

#[tokio::test]
async fn what_is_pending_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let pairs = [
        ("WEBHOOK_SECRET", "0123456789abcdef"),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ("DELIVERY_BACKOFF", "100ms"),
        ("DELIVERY_TIMEOUT", "100ms"),
        ("DELIVERY_ATTEMPTS", "100"),
        // A proxy would resolve names by itself, past every check: it must not be asked.
        ("http_proxy", "http://127.0.0.1:1"),
        ("all_proxy", "http://127.0.0.1:1"),
    ];
    let mut process = start(folder.path(), &pairs).await;
    let made = ask(&process, "POST /notifications", &body("webhook", &url)).await;
    assert!(made.starts_with("HTTP/1.1 201 Created\r\n"), "{made}");
    // It is being delivered, without an answer, when it ends.
    let first = tokio::time::timeout(DEADLINE, listener.accept()).await.expect("nobody called").unwrap();
    assert_eq!(end(&mut process, 9).await, None);
    drop(first);

    let mut process = start(folder.path(), &pairs).await;
    let (mut call, _) = tokio::time::timeout(DEADLINE, listener.accept()).await.expect("nobody called again").unwrap();
    let mut request = vec![0; 8_192];
    let length = call.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    call.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let id = made.split("\"id\":\"").nth(1).unwrap()[..36].to_owned();
    assert!(request.contains(&format!("idempotency-key: {id}\r\n")), "{request}");
    let sent = async {
        while !ask(&process, &format!("GET /notifications/{id}"), "").await.contains("\"status\":\"sent\"") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, sent).await.expect("it was never sent");
    assert_eq!(end(&mut process, 15).await, Some(0));
}

#[tokio::test]
async fn every_bad_setting_is_told_at_once_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let bad = [
        ("PORT", "http"),
        ("SMTP_URL", "imap://house:hunter2@mail"),
        ("WEBHOOK_SECRET", "hunter2"),
        ("DELIVERY_ATTEMPTS", "never"),
    ];
    let (code, stderr) = process::fails(process::command(BINARY, folder.path()).envs(bad)).await;
    assert_eq!(code, Some(2));
    for told in ["PORT = \"http\"", "SMTP_URL: expected", "WEBHOOK_SECRET: expected", "DELIVERY_ATTEMPTS = \"never\""] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
