//! What the system is made of: one line each.

use std::{path::Path, process::Command, process::Stdio};

use xtask::workspace;

/// A process of the system. Its package, its binary and its name in the logs are the same word.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// The ports it listens on; /health is on the first.
    pub(crate) ports: &'static [u16],
    arguments: &'static [&'static str],
}

/// In the order they are started in.
pub(crate) const SERVICES: &[Part] = &[Part::service("user", &[8001])];

/// Started last, ended first. Its file is gateway.toml at the root of the repository, unless `GATEWAY_CONFIG` says another.
pub(crate) const GATEWAY: Part = Part { name: "gateway", ports: &[8000, 8900], arguments: &["run"] };

impl Part {
    const fn service(name: &'static str, ports: &'static [u16]) -> Self {
        Self { name, ports, arguments: &[] }
    }

    /// How it is started: at the root of the repository, where gateway.toml and data/ are, with our environment.
    /// PORT is always ours, since one PORT cannot be right for several services, and gateway.toml names these.
    pub(crate) fn command(&self, binary: &Path) -> Command {
        let mut command = Command::new(binary);
        command.args(self.arguments).current_dir(workspace::root()).env("PORT", self.ports[0].to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn health_url(&self) -> String {
        format!("http://127.0.0.1:{}/health", self.ports[0])
    }
}
