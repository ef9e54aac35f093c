//! The system as a test starts it: in a folder of its own, on ports that are free.
mod member;
mod parts;
mod toml;

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use e2e::eventually;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::api::{Caller, get};
use member::Member;

pub(crate) use parts::RealParts;

/// One process, or one for each service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Monolith,
    Microservices,
}

/// The administrator whom every system has.
pub(crate) const ADMIN: (&str, &str) = ("root@example.com", "the keys to it all");
const BROKER: &str = "KAFKA_BOOTSTRAP_SERVERS";
const SECRET: &str = "a-secret-of-the-system-tests";
const SERVICES: [&str; 5] = ["vacancy", "user", "task", "notification", "ticket"];

/// A running system.
pub(crate) struct System {
    mode: Mode,
    variables: Vec<(String, String)>,
    members: HashMap<&'static str, Member>,
    /// Where its clients call.
    pub(crate) gateway: SocketAddr,
    folder: TempDir,
    last_said: Vec<String>,
}

impl System {
    /// Starts one with these settings of its services, and waits until it is healthy.
    pub(crate) fn start(mode: Mode, settings: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let mut variables: Vec<_> = settings.iter().map(owned).collect();
        variables.extend([
            ("ADMIN_EMAIL".into(), ADMIN.0.into()),
            ("ADMIN_PASSWORD".into(), ADMIN.1.into()),
            ("GATEWAY_SECRET".into(), SECRET.into()),
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut system =
            Self { mode, variables, members: HashMap::new(), gateway: nowhere, folder, last_said: Vec::new() };
        system.bring_up();
        system
    }

    fn bring_up(&mut self) {
        let front = match self.mode {
            Mode::Monolith => "monolith",
            Mode::Microservices => {
                if self.variables.iter().all(|(name, _)| name != BROKER) {
                    self.start_broker();
                }
                for service in SERVICES {
                    self.start_service(service);
                }
                "gateway"
            }
        };
        let ports =
            |service: &str| self.members.get(service).and_then(|member| member.address).map_or(1, |at| at.port());
        toml::write(self.folder.path(), self.gateway.port(), ports);
        let arguments: &[&str] = if front == "gateway" { &["run"] } else { &[] };
        let mut member = Member::start(front, arguments, self.folder.path(), &self.variables);
        self.gateway = member.gateway();
        self.members.insert(front, member);
        self.wait_healthy();
    }

    fn start_broker(&mut self) {
        let broker = Member::start("broker", &[], self.folder.path(), &[]);
        let servers = broker
            .process
            .stdout
            .find("the broker's line", |line| line.strip_prefix("broker listening on ").map(str::to_owned));
        self.variables.push((BROKER.into(), servers));
        self.members.insert("broker", broker);
    }

    /// Starts one on the port that it had before, if it had one.
    fn start_service(&mut self, service: &'static str) {
        let before = self.members.remove(service).and_then(|member| member.address);
        let mut variables = self.variables.clone();
        variables.push(("PORT".into(), before.map_or(0, |at| at.port()).to_string()));
        let own = database_variable(service);
        if let Some((_, url)) = self.variables.iter().find(|(name, _)| *name == own) {
            variables.push(("DATABASE_URL".into(), url.clone()));
        }
        if let Some(at) = self.members.get("vacancy").and_then(|member| member.address) {
            variables.push(("VACANCY_URL".into(), format!("http://{at}")));
        }
        let mut member = Member::start(service, &[], self.folder.path(), &variables);
        member.address = Some(member.service(service));
        self.members.insert(service, member);
    }

    /// Waits until `/health` says that all is well.
    pub(crate) fn wait_healthy(&self) {
        eventually("the system is healthy", || {
            let health = get(self.gateway, "/health");
            (health.status() == 200 && health.json()["status"] == "healthy").then_some(())
        });
    }

    /// Kills the process that holds this service, and starts it again: with kill -9, so that nothing is tidied up.
    pub(crate) fn crash(&mut self, service: &'static str) {
        self.kill(service);
        self.revive(service);
    }

    /// Kills the process that holds this service.
    pub(crate) fn kill(&mut self, service: &'static str) {
        let holder = if self.mode == Mode::Monolith { "monolith" } else { service };
        let member = self.members.get_mut(holder).expect("it runs");
        member.process.signal(Signal::SIGKILL);
        member.process.wait();
    }

    /// Starts what was killed.
    pub(crate) fn revive(&mut self, service: &'static str) {
        match self.mode {
            Mode::Monolith => self.bring_up(),
            Mode::Microservices => self.start_service(service),
        }
    }

    /// Asks the process that clients see to end, and waits until it has; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut member = self.members.remove(self.front()).expect("it runs");
        member.process.signal(Signal::SIGTERM);
        let code = member.process.wait().code();
        self.last_said = member.process.stderr.to_end();
        code
    }

    /// What the process that was asked to end has said on stderr, to its last line.
    pub(crate) fn last_said(&self) -> &[String] {
        &self.last_said
    }

    fn front(&self) -> &'static str {
        if self.mode == Mode::Monolith { "monolith" } else { "gateway" }
    }

    /// Where operators call.
    pub(crate) fn admin_address(&self) -> SocketAddr {
        self.members[self.front()].admin()
    }

    /// Where a service listens.
    pub(crate) fn service_address(&self, service: &str) -> SocketAddr {
        self.members[service].address.expect("a service has one")
    }

    /// Starts the monolith again, over the databases that it had.
    pub(crate) fn start_again(&mut self) {
        assert_eq!(self.mode, Mode::Monolith);
        self.bring_up();
    }

    /// A new user, logged in.
    pub(crate) fn newcomer(&self, name: &str) -> Caller {
        Caller::register(self.gateway, name)
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> Caller {
        Caller::login(self.gateway, ADMIN.0, ADMIN.1)
    }

    /// Where the services' SQLite files are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// All that its processes have said.
    pub(crate) fn said(&self) -> String {
        let all = self.members.values().flat_map(|member| [&member.process.stdout, &member.process.stderr]);
        all.flat_map(e2e::Lines::all).collect::<Vec<_>>().join("\n")
    }

    /// `monolith` or `microservices`, as `/health` has it.
    pub(crate) fn mode(&self) -> &'static str {
        if self.mode == Mode::Monolith { "monolith" } else { "microservices" }
    }
}

/// `USER_DATABASE_URL`, as the monolith and `cargo xtask up` have it.
fn database_variable(service: &str) -> String {
    format!("{}_DATABASE_URL", service.to_ascii_uppercase())
}

/// The repository's own gateway.toml.
pub(crate) fn shipped() -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway.toml");
    fs::read_to_string(path).expect("the shipped gateway.toml")
}
