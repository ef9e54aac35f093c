//! A process in a folder of its own, in an empty environment, so that nothing of the developer's is
//! read.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const ADA: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A process that listens.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// Kept open: it writes its log there.
    lines: Mutex<Lines<BufReader<ChildStdout>>>,
}

pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_task"));
    in_folder(&mut command, folder);
    command
}

fn in_folder(command: &mut Command, folder: &Path) {
    command.current_dir(folder).env_clear().kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
}

impl Process {
    /// Started on a free port; its address is read off its line.
    pub(crate) async fn start(folder: &Path, pairs: &[(&str, &str)]) -> Self {
        Self::start_as(command(folder), folder, pairs).await
    }

    /// The same by another command, which ends up as the binary.
    pub(crate) async fn start_as(mut command: Command, folder: &Path, pairs: &[(&str, &str)]) -> Self {
        in_folder(&mut command, folder);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let mut child = command.env("PORT", "0").envs(pairs.iter().copied()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let find = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, address)) = line.split_once("task listening on http://") {
                    // In JSON the line goes on.
                    return address.split('"').next().unwrap_or_default().to_owned();
                }
            }
            panic!("it ended without listening");
        };
        let address = tokio::time::timeout(DEADLINE, find).await.expect("it never listened");
        Self { child, address, lines: Mutex::new(lines) }
    }

    pub(crate) fn signal(&self, signal: i32) {
        let id = self.child.id().unwrap().to_string();
        let kill = std::process::Command::new("kill").args([format!("-{signal}"), id]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end; `None` when a signal ended it.
    pub(crate) async fn exit(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        status.expect("it did not end").unwrap().code()
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        request(&self.address, "GET", path, "").await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> String {
        request(&self.address, "POST", path, body).await.unwrap()
    }

    /// The first line of its log with `part`.
    pub(crate) async fn log_until(&self, part: &str) -> String {
        let mut lines = self.lines.lock().await;
        let find = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains(part) {
                    return line;
                }
            }
            panic!("it ended without a line of {part}");
        };
        tokio::time::timeout(DEADLINE, find).await.expect("no such line")
    }

    /// Makes Ada's task of this title; gives its id once it is answered, and an error when the process
    /// is gone before.
    pub(crate) async fn make_task(&self, title: &str) -> std::io::Result<String> {
        make_task(&self.address, title).await
    }
}

/// As [`Process::make_task`], for one who has only the address.
pub(crate) async fn make_task(address: &str, title: &str) -> std::io::Result<String> {
    let answer = request(address, "POST", "/tasks", &format!("{{\"title\":\"{title}\"}}")).await?;
    let cut = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer is cut off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).map_err(|_| cut())?;
    Ok(body["id"].as_str().unwrap().to_owned())
}

async fn request(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-user-id: {ADA}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
