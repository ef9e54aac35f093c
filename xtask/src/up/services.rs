//! What the system is made of: one line each.

use std::{
    env,
    ffi::OsString,
    path::Path,
    process::{Command, Stdio},
};

use xtask::workspace;

use super::Shared;

/// A process of the system. Its package, its binary and its name in the logs are the same word.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// The ports it listens on; /health is on the first. None: it takes a free one and says which.
    pub(crate) ports: &'static [u16],
    arguments: &'static [&'static str],
}

/// Started first, where no other broker is named: what services tell one another goes through it.
pub(crate) const BROKER: Part = Part { name: "broker", ports: &[], arguments: &[] };

/// Started together, each with a database of its own.
pub(crate) const SERVICES: &[Part] = &[
    Part::service("user", &[8001]),
    Part::service("task", &[8002]),
    Part::service("notification", &[8003]),
    Part::service("vacancy", &[8005]),
    Part::service("ticket", &[8006]),
];

/// Started last, ended first. Its file is gateway.toml at the root of the repository, unless `GATEWAY_CONFIG` says another.
pub(crate) const GATEWAY: Part = Part { name: "gateway", ports: &[8000, 8900], arguments: &["run"] };

/// All of it in one process, with the same file.
pub(crate) const MONOLITH: Part = Part { name: "monolith", ports: &[8000, 8900], arguments: &[] };

impl Part {
    const fn service(name: &'static str, ports: &'static [u16]) -> Self {
        Self { name, ports, arguments: &[] }
    }

    /// How it is started: at the root of the repository, where gateway.toml and data/ are, with our environment and what
    /// is the same for all.
    pub(crate) fn command(&self, binary: &Path, shared: &Shared) -> Command {
        let mut command = Command::new(binary);
        command.args(self.arguments).current_dir(workspace::root()).env("GATEWAY_SECRET", &shared.secret);
        if SERVICES.iter().any(|service| service.name == self.name) {
            self.configure(&mut command, shared, |name| env::var_os(name).filter(|value| !value.is_empty()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// PORT is always ours, since one PORT cannot be right for several services, and gateway.toml names these. A
    /// database is named as for the monolith: `USER_DATABASE_URL`.
    fn configure(&self, command: &mut Command, shared: &Shared, set: impl Fn(&str) -> Option<OsString>) {
        command.env("PORT", self.ports[0].to_string());
        if let Some(broker) = &shared.broker {
            command.env("KAFKA_BOOTSTRAP_SERVERS", broker);
        }
        if let Some(database) = set(&database_variable(self.name)) {
            command.env("DATABASE_URL", database);
        }
    }

    pub(crate) fn health_url(&self) -> Option<String> {
        self.ports.first().map(|port| format!("http://127.0.0.1:{port}/health"))
    }
}

/// `USER_DATABASE_URL`.
pub(crate) fn database_variable(service: &str) -> String {
    format!("{}_DATABASE_URL", service.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_database_and_port() {
        let shared = Shared { secret: "s".into(), broker: Some("127.0.0.1:9".into()) };
        let set = |name: &str| (name == "TASK_DATABASE_URL").then(|| OsString::from("postgres://task"));
        for (service, database) in SERVICES.iter().zip([None, Some("postgres://task"), None, None, None]) {
            let mut command = Command::new("x");
            service.configure(&mut command, &shared, set);
            let value = |name: &str| {
                let found = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
                found.and_then(|value| value.to_str())
            };
            assert_eq!(value("DATABASE_URL"), database, "{}", service.name);
            assert_eq!(value("PORT"), Some(service.ports[0].to_string().as_str()));
            assert_eq!(value("KAFKA_BOOTSTRAP_SERVERS"), Some("127.0.0.1:9"));
        }
    }

    #[test]
    fn the_ports_are_those_of_the_shipped_file() {
        let file = include_str!("../../../gateway.toml");
        for service in SERVICES {
            let (_, section) = file.split_once(&format!("[services.{}]", service.name)).expect("it is in the file");
            let (section, _) = section.split_once("\n[").unwrap_or((section, ""));
            assert!(section.contains(&format!("http://127.0.0.1:{}}}\"", service.ports[0])), "{}", service.name);
        }
    }
}
