//! Starts the binary as a user does.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::server::Server;

/// A run of the binary with a directory of its own.
pub(crate) struct Run {
    directory: TempDir,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The report, by its default name.
    pub(crate) fn report(&self) -> PathBuf {
        self.directory.path().join("load.html")
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_load")));
        command.current_dir(self.directory.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.spawn(arguments).wait_with_output().unwrap())
    }

    /// A short run against `server`, with patience for a machine that has much else to do.
    pub(crate) fn against(&self, server: &Server, arguments: &[&str]) -> Ended {
        let url = server.url();
        let patience = if arguments.contains(&"--timeout") { &[][..] } else { &["--timeout", "60s"] };
        self.run(&[&["--url", &url, "--duration", "1s"], patience, arguments].concat())
    }
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}
