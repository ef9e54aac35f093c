//! The binary as an operator meets it: its line, its signals, its exit codes, its log.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

const DEADLINE: Duration = Duration::from_secs(30);
const USER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// In an empty environment, so that nothing of the developer's is read.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notification"));
    command.current_dir(folder).env_clear().kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Started on a free port; its address, read off its line.
async fn start(folder: &Path, pairs: &[(&str, &str)]) -> (Child, String, Lines<BufReader<ChildStdout>>) {
    let mut child = command(folder).env("PORT", "0").envs(pairs.iter().copied()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let find = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, address)) = line.split_once("notification listening on http://") {
                return address.to_owned();
            }
        }
        panic!("it ended without listening");
    };
    let address = tokio::time::timeout(DEADLINE, find).await.expect("it never listened");
    (child, address, lines)
}

/// Sends a request of [`USER`]; gives the whole answer.
async fn ask(address: &str, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-user-id: {USER}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn end(child: &mut Child, signal: i32) -> Option<i32> {
    let id = child.id().unwrap().to_string();
    let kill = std::process::Command::new("kill").args([format!("-{signal}"), id]).status();
    assert!(kill.unwrap().success());
    let status = tokio::time::timeout(DEADLINE, child.wait()).await;
    status.expect("it did not end").unwrap().code()
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
    let (mut child, address, mut lines) = start(folder.path(), &pairs).await;
    assert!(ask(&address, "GET /health", "").await.starts_with("HTTP/1.1 200 OK\r\n"));
    for (channel, recipient) in
        [("log", "a-recipient"), ("email", "a-recipient@example.com"), ("webhook", "http://localhost:1/a-recipient")]
    {
        let made = ask(&address, "POST /notifications", &body(channel, recipient)).await;
        let id = made.split("\"id\":\"").nth(1).unwrap_or_else(|| panic!("{made}"));
        let sent = ask(&address, &format!("POST /notifications/{}/send", &id[..36]), "").await;
        assert!(sent.starts_with("HTTP/1.1 200 OK\r\n") && sent.contains("a-subject"), "{sent}");
    }
    assert!(folder.path().join("data/notification.db").exists(), "the default database");
    assert_eq!(end(&mut child, 15).await, Some(0));
    let mut delivered = 0;
    while let Some(line) = lines.next_line().await.unwrap() {
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
    ];
    let (mut child, address, _lines) = start(folder.path(), &pairs).await;
    let made = ask(&address, "POST /notifications", &body("webhook", &url)).await;
    assert!(made.starts_with("HTTP/1.1 201 Created\r\n"), "{made}");
    // It is being delivered, without an answer, when it ends.
    let first = tokio::time::timeout(DEADLINE, listener.accept()).await.expect("nobody called").unwrap();
    assert_eq!(end(&mut child, 9).await, None);
    drop(first);

    let (mut child, address, _lines) = start(folder.path(), &pairs).await;
    let (mut call, _) = tokio::time::timeout(DEADLINE, listener.accept()).await.expect("nobody called again").unwrap();
    let mut request = vec![0; 8_192];
    let length = call.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    call.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let id = made.split("\"id\":\"").nth(1).unwrap()[..36].to_owned();
    assert!(request.contains(&format!("idempotency-key: {id}\r\n")), "{request}");
    let sent = async {
        while !ask(&address, &format!("GET /notifications/{id}"), "").await.contains("\"status\":\"sent\"") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, sent).await.expect("it was never sent");
    assert_eq!(end(&mut child, 15).await, Some(0));
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
    let output = tokio::time::timeout(DEADLINE, command(folder.path()).envs(bad).output()).await.unwrap().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for told in ["PORT = \"http\"", "SMTP_URL: expected", "WEBHOOK_SECRET: expected", "DELIVERY_ATTEMPTS = \"never\""] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
