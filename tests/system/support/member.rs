//! One process of a system.
use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use e2e::{Process, binary, eventually};

/// Killed, by its own id, when this value goes.
pub(crate) struct Member {
    pub(crate) process: Process,
    /// Of a service.
    pub(crate) address: Option<SocketAddr>,
}

impl Member {
    /// Starts the binary `name` in `folder`, with these variables and no others.
    pub(super) fn start(name: &str, arguments: &[&str], folder: &Path, variables: &[(String, String)]) -> Self {
        let mut command = Command::new(binary(name));
        command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self { process: Process::spawn(&mut command), address: None }
    }

    /// Where a service says that it listens.
    pub(super) fn service(&mut self, name: &str) -> SocketAddr {
        let mark = format!("{name} listening on http://");
        self.find(|process| process.stdout.all(), |line| line.split_once(&mark)?.1.parse().ok())
    }

    /// Where the gateway, or the monolith, says that it listens.
    pub(super) fn gateway(&mut self) -> SocketAddr {
        let address =
            |line: &str| line.strip_prefix("gateway listening on http://")?.split_once(" with ")?.0.parse().ok();
        self.find(|process| process.stderr.all(), address)
    }

    /// Where it says that its operators call.
    pub(super) fn admin(&self) -> SocketAddr {
        let address = |line: &str| line.split_once(", admin on http://")?.1.parse().ok();
        self.process.stderr.find("the line with the addresses", address)
    }

    fn find<T>(&mut self, lines: impl Fn(&Process) -> Vec<String>, found: impl Fn(&str) -> Option<T>) -> T {
        eventually("the line with the address", || {
            let runs = self.process.is_running();
            let line = lines(&self.process).iter().find_map(|line| found(line));
            assert!(runs || line.is_some(), "it ended: {}", self.process.stderr.to_end().join("\n"));
            line
        })
    }
}
