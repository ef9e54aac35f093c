//! The system, started for a round in a folder of its own and on ports of its own.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use toml::{Table, Value};
use xtask::{child::Child, http, interrupt::Interrupt, ports, workspace};

use super::{DualError, Mode, Programs, client};
use crate::usage::Tree;

/// The services, as their programs and gateway.toml call them.
const SERVICES: [&str; 5] = ["user", "task", "notification", "vacancy", "ticket"];
/// How long a part may take to come up.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
/// What the gateway and the services know each other by.
const SECRET: &str = "a-secret-of-this-benchmark-alone";

/// A system that answers.
pub(super) struct System {
    /// Where it is asked.
    pub(super) gateway: SocketAddr,
    children: Vec<Child>,
    _folder: TempDir,
}

impl System {
    pub(super) fn start(mode: Mode, programs: &Programs, interrupt: &Interrupt) -> Result<Self, DualError> {
        // Beside the programs, which stand on a real disk; the system's folder for temporary files may be memory.
        let folder = tempfile::tempdir_in(&programs.0).map_err(io_error("a folder for the databases"))?;
        let free = || ports::free_address().map_err(io_error("a free port"));
        let (gateway, admin) = (free()?, free()?);
        let mut upstreams = Vec::new();
        for _ in SERVICES {
            upstreams.push(free()?);
        }
        let file = folder.path().join("gateway.toml");
        let text = gateway_file(gateway, admin, &upstreams)?;
        std::fs::write(&file, text).map_err(io_error("the gateway's file"))?;

        let mut system = Self { gateway, children: Vec::new(), _folder: folder };
        let folder = file.parent().expect("the file was just put into its folder").to_owned();
        match mode {
            Mode::Monolith => {
                let mut command = command(programs, "monolith", &folder);
                command.arg("--config").arg(&file);
                system.spawn("monolith", command)?;
            }
            Mode::Microservices => {
                let broker = system.start_broker(programs, &folder)?;
                for (service, address) in SERVICES.into_iter().zip(&upstreams) {
                    let mut command = command(programs, service, &folder);
                    command.env("PORT", address.port().to_string()).env("KAFKA_BOOTSTRAP_SERVERS", &broker);
                    let vacancy = upstreams[SERVICES.iter().position(|&name| name == "vacancy").expect("it is listed")];
                    command.env("VACANCY_URL", format!("http://{vacancy}"));
                    system.spawn(service, command)?;
                }
                let mut command = command(programs, "gateway", &folder);
                command.args(["run", "--config"]).arg(&file);
                system.spawn("gateway", command)?;
            }
        }
        system.await_health(interrupt)?;
        Ok(system)
    }

    /// The resident memory of all its processes, in bytes.
    pub(super) fn resident(&self) -> Result<u64, DualError> {
        let each = self.children.iter().map(|child| Ok(Tree::of(child.id())?.read()?.resident()));
        each.sum::<io::Result<u64>>().map_err(io_error("the memory of a process"))
    }

    /// Ends it: the gateway first, so that nothing asks what has gone.
    pub(super) fn stop(mut self) -> Result<(), DualError> {
        while let Some(mut child) = self.children.pop() {
            child.stop(DEADLINE, || false).map_err(io_error("the end of a process"))?;
        }
        Ok(())
    }

    fn spawn(&mut self, name: &str, mut command: Command) -> Result<(), DualError> {
        let mut child = Child::spawn(name, &mut command)?;
        child.follow(|_| ());
        self.children.push(child);
        Ok(())
    }

    /// Starts the broker, and gives the address that it prints.
    fn start_broker(&mut self, programs: &Programs, folder: &Path) -> Result<String, DualError> {
        let mut child = Child::spawn("broker", &mut command(programs, "broker", folder))?;
        let (sender, lines) = mpsc::channel();
        child.follow(move |line| {
            // After the first line nobody listens.
            let _ = sender.send(line.to_owned());
        });
        let first = lines.recv_timeout(DEADLINE).unwrap_or_default();
        let address = first.rsplit(' ').next().filter(|word| word.parse::<SocketAddr>().is_ok());
        let Some(address) = address else {
            return Err(DualError::Unhealthy { name: "broker".into(), last: first.clone(), tail: child.tail() });
        };
        let address = address.to_owned();
        self.children.push(child);
        Ok(address)
    }

    fn await_health(&mut self, interrupt: &Interrupt) -> Result<(), DualError> {
        let begun = Instant::now();
        loop {
            let last = match http::get(self.gateway, "/health", DEADLINE) {
                Ok(answer) if answer.status == 200 && answer.body.contains("\"status\":\"healthy\"") => return Ok(()),
                Ok(answer) => format!("it answers {} {}", answer.status, answer.body),
                Err(error) => error.to_string(),
            };
            if interrupt.raised() {
                return Err(DualError::Interrupted);
            }
            for child in &mut self.children {
                let ended = child.exited().map_err(io_error("a process"))?;
                if let Some(status) = ended {
                    let (name, tail) = (child.name().to_owned(), child.last_words());
                    return Err(DualError::Unhealthy { name, last: format!("it ended, {status}"), tail });
                }
            }
            if begun.elapsed() > DEADLINE {
                let tail = self.children.last().map(Child::tail).unwrap_or_default();
                return Err(DualError::Unhealthy { name: "the gateway".into(), last, tail });
            }
            thread::sleep(LOOK);
        }
    }
}

fn command(programs: &Programs, name: &str, folder: &Path) -> Command {
    let mut command = Command::new(programs.0.join(name));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
        .env("GATEWAY_SECRET", SECRET)
        .env("LOG_LEVEL", "warn")
        .env("ADMIN_EMAIL", client::ADMIN_EMAIL)
        .env("ADMIN_PASSWORD", client::ADMIN_PASSWORD);
    command
}

/// The shipped file with other addresses and without a limit.
fn gateway_file(gateway: SocketAddr, admin: SocketAddr, upstreams: &[SocketAddr]) -> Result<String, DualError> {
    let shipped = std::fs::read_to_string(workspace::root().join("gateway.toml")).map_err(io_error("gateway.toml"))?;
    let mut file: Table = shipped.parse().map_err(|error| DualError::File(format!("{error}")))?;
    file.remove("rate_limit");
    let mut set = |table: &str, key: &str, value: Value| -> Result<(), DualError> {
        let missing = || DualError::File(format!("it has no table {table}"));
        let mut place = &mut file;
        for name in table.split('.') {
            place = place.get_mut(name).and_then(Value::as_table_mut).ok_or_else(missing)?;
        }
        place.insert(key.to_owned(), value);
        Ok(())
    };
    set("server", "listen", gateway.to_string().into())?;
    set("admin", "listen", admin.to_string().into())?;
    for (service, address) in SERVICES.into_iter().zip(upstreams) {
        set(&format!("services.{service}"), "upstreams", Value::Array(vec![format!("http://{address}").into()]))?;
    }
    Ok(file.to_string())
}

fn io_error(what: &'static str) -> impl Fn(io::Error) -> DualError {
    move |source| DualError::Io { what, source }
}
