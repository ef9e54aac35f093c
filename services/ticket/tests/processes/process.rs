//! A service as a process, killed by its own id when it goes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
}

impl Process {
    /// Starts `service` in `folder` on `port`, 0 for any, and waits until it listens.
    pub(crate) fn start(service: &str, folder: &Path, port: u16, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.current_dir(folder).env_clear().stdin(Stdio::null()).stdout(Stdio::piped());
        command.env("SERVE", service).env("PORT", port.to_string()).env("LOG_LEVEL", "info,kit=warn");
        let mut child = command.envs(settings.iter().copied()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = format!("{service} listening on http://127.0.0.1:");
        let port = loop {
            let line = lines.next().expect("it ended without listening").unwrap();
            if let Some((_, port)) = line.split_once(&listening) {
                break port.trim().parse().unwrap();
            }
        };
        // Nobody reads on, but a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Ends it at once: SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal: `STOP`, `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        let arguments = [format!("-{signal}"), self.child.id().to_string()];
        assert!(Command::new("kill").args(arguments).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
