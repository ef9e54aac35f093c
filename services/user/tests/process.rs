//! The binary as an operator meets it: its line, its signals, its exit codes.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::path::Path;

use kit::testing::process::{self, Process, fails};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_user");

fn command(folder: &Path) -> Command {
    process::command(BINARY, folder)
}

async fn start(folder: &Path, pairs: &[(&str, &str)]) -> Process {
    Process::start(BINARY, folder, pairs).await
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn it_serves_and_ends_cleanly_on_either_signal() {
    for number in [15, 2] {
        let folder = folder();
        let mut process = start(folder.path(), &[]).await;
        assert!(process.get("/health").await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(folder.path().join("data/user.db").exists(), "the default database");
        // An idle connection does not hold the end up.
        let mut idle = TcpStream::connect(&process.address).await.unwrap();
        process.signal(number);
        assert_eq!(process.exit().await, Some(0), "signal {number}");
        assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
        assert!(TcpStream::connect(&process.address).await.is_err());
    }
}

#[tokio::test]
async fn a_request_that_runs_is_finished_before_the_end() {
    let folder = folder();
    let mut process = start(folder.path(), &[]).await;
    let body = r#"{"email":"ada@example.com","password":"correct horse","name":"Ada"}"#;
    let mut stream = TcpStream::connect(&process.address).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The handler runs once it asks for the body.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    process.signal(15);
    while !process.lines.next_line().await.unwrap().expect("it ended").contains("stopping") {}
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(process.exit().await, Some(0));
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_after_the_drain() {
    let folder = folder();
    let mut process = start(folder.path(), &[("DRAIN_TIMEOUT", "50ms")]).await;
    let mut stream = TcpStream::connect(&process.address).await.unwrap();
    let head = "POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 25]).await.unwrap();
    process.signal(15);
    let mut cut = false;
    while let Some(line) = process.lines.next_line().await.unwrap() {
        cut |= line.contains("draining took longer than DRAIN_TIMEOUT");
    }
    assert!(cut);
    assert_eq!(process.exit().await, Some(0));
}

#[tokio::test]
async fn instances_that_start_at_once_share_a_new_database() {
    let folder = folder();
    let admin = [("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", "correct horse")];
    let (one, two, three) =
        tokio::join!(start(folder.path(), &admin), start(folder.path(), &admin), start(folder.path(), &admin),);
    let mut sets = Vec::new();
    for mut process in [one, two, three] {
        let answer = process.get("/.well-known/jwks.json").await;
        sets.push(answer.split_once("\r\n\r\n").unwrap().1.to_owned());
        process.signal(15);
        assert_eq!(process.exit().await, Some(0));
    }
    assert!(sets.windows(2).all(|pair| pair[0] == pair[1]), "{sets:?}");
}

#[tokio::test]
async fn a_taken_port_is_told_and_nothing_is_touched() {
    let (one, other) = (folder(), folder());
    let process = start(one.path(), &[]).await;
    let port = process.address.rsplit_once(':').unwrap().1;
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
    let cases = [
        ("sqlite://file/user.db?mode=rwc", "Check DATABASE_URL"),
        ("sqlite://absent.db", "Check DATABASE_URL"),
        ("sqlite://file?mode=rwc", "restore it from a backup"),
    ];
    for (url, told) in cases {
        let (code, stderr) = fails(command(folder.path()).env("PORT", "0").env("DATABASE_URL", url)).await;
        assert_eq!(code, Some(2), "{url}: {stderr}");
        assert!(stderr.contains(told), "{url}: {stderr}");
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
    let mut process = start(folder.path(), &pairs).await;
    process.get("/users?secret=in-the-query").await;
    process.signal(15);
    assert_eq!(process.exit().await, Some(0));
    let mut requests = 0;
    while let Some(line) = process.lines.next_line().await.unwrap() {
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

/// What a hash takes is given back: 19 MiB for each of `HASH_PARALLELISM` at once, whatever came before.
#[tokio::test]
async fn logins_leave_no_memory_behind() {
    let folder = folder();
    let process = start(folder.path(), &[("HASH_PARALLELISM", "2")]).await;
    let body = r#"{"email":"nobody@example.com","password":"correct horse"}"#;
    for _ in 0..10 {
        let at_once = (0..3).map(|_| {
            let address = process.address.clone();
            tokio::spawn(async move { process::request(&address, "POST /auth/login", &[], body).await })
        });
        for answer in at_once.collect::<Vec<_>>() {
            let answer = answer.await.unwrap().unwrap();
            assert!(answer.starts_with("HTTP/1.1 401 ") || answer.starts_with("HTTP/1.1 503 "), "{answer}");
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 160 * 1024, "{kilobytes} kB");
}
