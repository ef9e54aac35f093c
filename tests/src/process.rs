//! The gateway's process, and runs of it that end by themselves.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{binary::binary, lines::Lines, wait::eventually};

/// A process that is killed, by its own id, when this value goes.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Its stdout.
    pub stdout: Lines,
    /// Its stderr.
    pub stderr: Lines,
}

impl Process {
    /// Starts it, with its output captured.
    pub fn spawn(command: &mut Command) -> Self {
        let mut process = Self::unread(command);
        process.stdout = Lines::of(process.child.stdout.take().unwrap());
        process
    }

    /// Starts it; its stdout is a pipe that nobody reads.
    pub(crate) fn unread(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self { child, stdout: Lines::default(), stderr }
    }

    /// Closes this end of an unread stdout.
    pub fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(id), signal).expect("the process is still there");
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the end of the process", || self.child.try_wait().unwrap())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command that ends by itself has said.
#[derive(Debug)]
pub struct Run {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl Run {
    /// Runs `gateway ARGUMENTS` in `folder` to its end.
    pub fn of(folder: &Path, arguments: &[&str]) -> Self {
        Self::command(gateway(folder).args(arguments))
    }

    /// Runs it to its end.
    pub fn command(command: &mut Command) -> Self {
        let mut process = Process::spawn(command);
        let code = process.wait().code();
        let text = |lines: &Lines| lines.to_end().join("\n");
        Self { code, stdout: text(&process.stdout), stderr: text(&process.stderr) }
    }
}

/// The command `gateway` in `folder` and an empty environment.
pub fn gateway(folder: &Path) -> Command {
    let mut command = Command::new(binary("gateway"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// A folder with this `gateway.toml`.
pub fn write_file(toml: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    fs::write(&file, toml).unwrap();
    (folder, file)
}
