//! A service's binary as an operator starts it: in a folder of its own and an empty environment, so that
//! nothing of the developer's is read.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// No wait for a process is longer; a loaded machine is slow and not wrong.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A process that listens.
pub struct Process {
    child: Child,
    /// `HOST:PORT`.
    pub address: String,
    /// What it writes on.
    pub lines: Lines<BufReader<ChildStdout>>,
}

/// The binary at `path` (`env!("CARGO_BIN_EXE_user")`), to be started in `folder`.
pub fn command(path: &str, folder: &Path) -> Command {
    let mut command = Command::new(path);
    in_folder(&mut command, folder);
    command
}

fn in_folder(command: &mut Command, folder: &Path) {
    command.current_dir(folder).env_clear().kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// The exit code of a command that ends by itself, and what it says on stderr.
pub async fn fails(command: &mut Command) -> (Option<i32>, String) {
    let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("it did not end");
    let output = output.expect("it can be started");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Sends a request of JSON with these further fields; gives the whole answer.
pub async fn request(address: &str, request: &str, fields: &[(&str, &str)], body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let fields: String = fields.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

impl Process {
    /// Starts the binary at `path` on a free port; its address is read off its line.
    pub async fn start(path: &str, folder: &Path, pairs: &[(&str, &str)]) -> Self {
        Self::start_as(Command::new(path), folder, pairs).await
    }

    /// The same by a command of one's own, such as a shell that ends up as the binary; it knows PATH.
    pub async fn start_as(mut command: Command, folder: &Path, pairs: &[(&str, &str)]) -> Self {
        in_folder(&mut command, folder);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let mut child = command.env("PORT", "0").envs(pairs.iter().copied()).spawn().expect("it can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is ours")).lines();
        let find = async {
            while let Some(line) = lines.next_line().await.expect("its output can be read") {
                if let Some((_, address)) = line.split_once(" listening on http://") {
                    // In JSON the line goes on.
                    return address.split('"').next().unwrap_or_default().to_owned();
                }
            }
            panic!("it ended without listening");
        };
        let address = tokio::time::timeout(DEADLINE, find).await.expect("it never listened");
        Self { child, address, lines }
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// The next line that it writes with `part` in it.
    pub async fn line_with(&mut self, part: &str) -> String {
        let find = async {
            while let Some(line) = self.lines.next_line().await.expect("its output can be read") {
                if line.contains(part) {
                    return line;
                }
            }
            panic!("it ended without a line with {part}");
        };
        tokio::time::timeout(DEADLINE, find).await.expect("no such line")
    }

    /// Sends it a signal by its number: 15, 9.
    pub fn signal(&self, signal: i32) {
        let kill = std::process::Command::new("kill").args([format!("-{signal}"), self.id().to_string()]).status();
        assert!(kill.is_ok_and(|status| status.success()), "signal {signal}");
    }

    /// Waits for its end; `None` when a signal ended it.
    pub async fn exit(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        status.expect("it did not end").expect("it is ours to wait for").code()
    }

    /// [`request`] of nobody for `path`.
    pub async fn get(&self, path: &str) -> String {
        request(&self.address, &format!("GET {path}"), &[], "").await.expect("it answers")
    }
}
