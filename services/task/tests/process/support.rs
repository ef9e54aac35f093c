//! The task service's binary.

use std::path::Path;

pub(crate) use kit::testing::process::{DEADLINE, Process, fails};
use kit::testing::process::{command as command_of, request};
use tokio::process::Command;

pub(crate) const ADA: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const BINARY: &str = env!("CARGO_BIN_EXE_task");

pub(crate) fn command(folder: &Path) -> Command {
    command_of(BINARY, folder)
}

pub(crate) async fn start(folder: &Path, pairs: &[(&str, &str)]) -> Process {
    Process::start(BINARY, folder, pairs).await
}

/// The same by a command of one's own, which ends up as the binary.
pub(crate) async fn start_as(command: Command, folder: &Path) -> Process {
    Process::start_as(command, folder, &[]).await
}

/// What Ada gets.
pub(crate) async fn get(process: &Process, path: &str) -> String {
    request(&process.address, &format!("GET {path}"), &[("x-user-id", ADA)], "").await.unwrap()
}

/// What Ada is answered when she sends this task.
pub(crate) async fn post(process: &Process, body: &str) -> String {
    request(&process.address, "POST /tasks", &[("x-user-id", ADA)], body).await.unwrap()
}

/// Makes Ada's task of this title; gives its id once it is answered, and an error when the process is gone
/// before.
pub(crate) async fn make_task(address: &str, title: &str) -> std::io::Result<String> {
    let body = format!("{{\"title\":\"{title}\"}}");
    let answer = request(address, "POST /tasks", &[("x-user-id", ADA)], &body).await?;
    let cut = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer is cut off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).map_err(|_| cut())?;
    Ok(body["id"].as_str().unwrap().to_owned())
}
