use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::support::{command, fails, get, make_task, start};

#[tokio::test]
async fn it_serves_and_ends_cleanly_on_either_signal() {
    for number in [15, 2] {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start(folder.path(), &[]).await;
        assert!(process.get("/health").await.starts_with("HTTP/1.1 200 OK\r\n"));
        make_task(&process.address, "a").await.unwrap();
        assert!(get(&process, "/tasks").await.contains("\"title\":\"a\""));
        assert!(folder.path().join("data/task.db").exists(), "the default database");
        // An idle connection does not hold the end up.
        let mut idle = TcpStream::connect(&process.address).await.unwrap();
        process.signal(number);
        assert_eq!(process.exit().await, Some(0), "signal {number}");
        assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
        // What was answered is there when it starts again.
        let process = start(folder.path(), &[]).await;
        assert!(get(&process, "/tasks").await.contains("\"title\":\"a\""));
    }
}

#[tokio::test]
async fn identity_fields_are_the_gateways_alone() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path(), &[("GATEWAY_SECRET", "0123456789abcdef")]).await;
    let answer = get(&process, "/tasks").await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("token_missing"), "{answer}");
    assert!(process.get("/health").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn every_bad_setting_is_told_at_once_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.env("PORT", "http").env("DATABASE_URL", "mysql://u:hunter2@h/d").env("GATEWAY_SECRET", "hunter2");
    let (code, stderr) = fails(&mut command).await;
    assert_eq!(code, Some(2));
    for told in ["PORT = \"http\"", "DATABASE_URL = ", "GATEWAY_SECRET: expected"] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
    assert!(!folder.path().join("data").exists(), "it made a database all the same");
}

#[tokio::test]
async fn help_and_version_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let help = command(folder.path()).arg("--help").output().await.unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success());
    for told in ["PORT", "8002", "DATABASE_URL", "data/task.db", "KAFKA_BOOTSTRAP_SERVERS", "GATEWAY_SECRET"] {
        assert!(text.contains(told), "{told} is not in --help");
    }
    let version = command(folder.path()).arg("--version").output().await.unwrap();
    assert_eq!(String::from_utf8(version.stdout).unwrap().trim(), concat!("task ", env!("CARGO_PKG_VERSION")));
}
