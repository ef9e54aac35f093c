//! The binary as an operator meets it: its line, its signals, its exit codes.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

const DEADLINE: Duration = Duration::from_secs(20);

/// In an empty environment, so that nothing of the developer's is read.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_user"));
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
            if let Some((_, address)) = line.split_once("user listening on http://") {
                // In JSON the line goes on.
                return address.split('"').next().unwrap_or_default().to_owned();
            }
        }
        panic!("it ended without listening");
    };
    let address = tokio::time::timeout(DEADLINE, find).await.expect("it never listened");
    (child, address, lines)
}

async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn signal(child: &Child, signal: i32) {
    let id = child.id().unwrap().to_string();
    let kill = std::process::Command::new("kill").args([format!("-{signal}"), id]).status();
    assert!(kill.unwrap().success());
}

async fn exit(child: &mut Child) -> Option<i32> {
    let status = tokio::time::timeout(DEADLINE, child.wait()).await;
    status.expect("it did not end").unwrap().code()
}

async fn fails(command: &mut Command) -> (Option<i32>, String) {
    let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("it did not end");
    let output = output.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn it_serves_and_ends_cleanly_on_either_signal() {
    for number in [15, 2] {
        let folder = folder();
        let (mut child, address, _lines) = start(folder.path(), &[]).await;
        assert!(get(&address, "/health").await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(folder.path().join("data/user.db").exists(), "the default database");
        // An idle connection does not hold the end up.
        let mut idle = TcpStream::connect(&address).await.unwrap();
        signal(&child, number);
        assert_eq!(exit(&mut child).await, Some(0), "signal {number}");
        assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
        assert!(TcpStream::connect(&address).await.is_err());
    }
}

#[tokio::test]
async fn a_request_that_runs_is_finished_before_the_end() {
    let folder = folder();
    let (mut child, address, mut lines) = start(folder.path(), &[]).await;
    let body = r#"{"email":"ada@example.com","password":"correct horse","name":"Ada"}"#;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The handler runs once it asks for the body.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    signal(&child, 15);
    while !lines.next_line().await.unwrap().expect("it ended").contains("stopping") {}
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(exit(&mut child).await, Some(0));
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_after_the_drain() {
    let folder = folder();
    let (mut child, address, mut lines) = start(folder.path(), &[("DRAIN_TIMEOUT", "50ms")]).await;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = "POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 25]).await.unwrap();
    signal(&child, 15);
    let mut cut = false;
    while let Some(line) = lines.next_line().await.unwrap() {
        cut |= line.contains("draining took longer than DRAIN_TIMEOUT");
    }
    assert!(cut);
    assert_eq!(exit(&mut child).await, Some(0));
}

#[tokio::test]
async fn instances_that_start_at_once_share_a_new_database() {
    let folder = folder();
    let admin = [("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", "correct horse")];
    let (one, two, three) =
        tokio::join!(start(folder.path(), &admin), start(folder.path(), &admin), start(folder.path(), &admin),);
    let mut sets = Vec::new();
    for (mut child, address, _lines) in [one, two, three] {
        let answer = get(&address, "/.well-known/jwks.json").await;
        sets.push(answer.split_once("\r\n\r\n").unwrap().1.to_owned());
        signal(&child, 15);
        assert_eq!(exit(&mut child).await, Some(0));
    }
    assert!(sets.windows(2).all(|pair| pair[0] == pair[1]), "{sets:?}");
}

#[tokio::test]
async fn a_taken_port_is_told_and_nothing_is_touched() {
    let (one, other) = (folder(), folder());
    let (_child, address, _lines) = start(one.path(), &[]).await;
    let port = address.rsplit_once(':').unwrap().1;
    let (code, stderr) = fails(command(other.path()).env("PORT", port)).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains(&format!("cannot listen on 127.0.0.1:{port}: the port is taken")), "{stderr}");
    assert!(stderr.contains("set PORT"), "{stderr}");
    assert!(!other.path().join("data").exists(), "it made a database all the same");
}

#[tokio::test]
async fn every_bad_setting_is_told_at_once_and_no_secret() {
    let folder = folder();
    std::fs::write(folder.path().join(".env"), "LOG_LEVEL=loud\nPORT=1\n").unwrap();
    let (code, stderr) = fails(
        command(folder.path())
            .env("PORT", "http")
            .env("DATABASE_URL", "mysql://u:hunter2@h/d")
            .env("ADMIN_EMAIL", "root@example.com")
            .env("ADMIN_PASSWORD", "hunter2"),
    )
    .await;
    assert_eq!(code, Some(2));
    for told in ["PORT = \"http\"", "LOG_LEVEL = \"loud\"", "DATABASE_URL = ", "ADMIN_PASSWORD: expected"] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "no database").unwrap();
    for url in ["sqlite://file/user.db?mode=rwc", "sqlite://absent.db", "sqlite://file?mode=rwc"] {
        let (code, stderr) = fails(command(folder.path()).env("PORT", "0").env("DATABASE_URL", url)).await;
        assert_eq!(code, Some(2), "{url}: {stderr}");
        assert!(stderr.contains("Check DATABASE_URL"), "{url}: {stderr}");
    }
}

#[tokio::test]
async fn logs_are_json_when_asked_and_hold_no_secret() {
    let folder = folder();
    let pairs = [
        ("JSON_LOGS", "true"),
        ("LOG_LEVEL", "debug"),
        ("ADMIN_EMAIL", "root@example.com"),
        ("ADMIN_PASSWORD", "the keys to it all"),
    ];
    let (mut child, address, mut lines) = start(folder.path(), &pairs).await;
    get(&address, "/users?secret=in-the-query").await;
    signal(&child, 15);
    assert_eq!(exit(&mut child).await, Some(0));
    let mut requests = 0;
    while let Some(line) = lines.next_line().await.unwrap() {
        assert!(!line.contains("the keys") && !line.contains("in-the-query"), "{line}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        if line["message"] == "answered" {
            requests += 1;
            assert_eq!(line["status"], 401);
            assert_eq!(line["span"]["path"], "/users");
            assert!(line["span"]["request_id"].is_string());
        }
    }
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn the_schema_can_be_looked_at_and_brought_up_to_date_without_serving() {
    let folder = folder();
    let run = async |task: &str| {
        let output = command(folder.path()).arg(task).output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{task}");
        String::from_utf8(output.stdout).unwrap()
    };
    let files = |dialect: &str| {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect);
        std::fs::read_dir(migrations).unwrap().count()
    };
    assert_eq!(files("sqlite"), files("postgres"));
    // The kit has two of its own.
    let all = files("sqlite") + 2;

    let before = run("migrations").await;
    assert_eq!(before.matches("not applied").count(), all, "{before}");
    assert!(!folder.path().join("data").exists(), "looking made a database");
    assert_eq!(run("migrate").await, format!("data/user.db: {all} migrations applied\n"));
    assert_eq!(run("migrate").await, "data/user.db: up to date\n");
    assert_eq!(run("migrations").await.matches("  applied 20").count(), all);

    let (code, stderr) = fails(command(folder.path()).arg("migrate").env("DATABASE_URL", "sqlite://absent.db")).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("absent.db") && stderr.contains("Check DATABASE_URL"), "{stderr}");
}

#[tokio::test]
async fn help_and_version_are_there() {
    let folder = folder();
    let help = command(folder.path()).arg("--help").output().await.unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success());
    for name in ["DATABASE_URL", "ADMIN_PASSWORD", "KEY_ROTATION", "GATEWAY_SECRET"] {
        assert!(text.contains(name), "{name} is not in --help");
    }
    let version = command(folder.path()).arg("--version").output().await.unwrap();
    assert_eq!(String::from_utf8(version.stdout).unwrap().trim(), concat!("user ", env!("CARGO_PKG_VERSION")));
    assert_eq!(command(folder.path()).arg("--port").output().await.unwrap().status.code(), Some(2));
}
