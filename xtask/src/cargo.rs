//! Builds, by the cargo that runs this command.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    child::{Child, SpawnError},
    interrupt::Interrupt,
    workspace,
};

/// What a cancelled cargo gets to remove its lock.
const GRACE: Duration = Duration::from_secs(5);

/// One `cargo build`: of some packages, by a profile.
#[derive(Clone, Debug)]
pub struct Build {
    packages: Vec<String>,
    profile: String,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

/// Why there are no binaries.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo itself could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Its end could not be waited for.
    #[error("cannot wait for cargo: {0}")]
    Wait(#[from] io::Error),
    /// cargo has said why on stderr.
    #[error("cargo build of {packages} failed; what it says is above")]
    Failed {
        /// The packages, separated by commas.
        packages: String,
    },
    /// The build worked, but a package has no binary of its own name.
    #[error("cargo built no binary called {name}: does its package still have one?")]
    Missing {
        /// The binary that was looked for.
        name: String,
    },
    /// The user asked for the end.
    #[error("interrupted")]
    Interrupted,
}

impl Build {
    /// A build of `packages` by `profile` (`release`, `dist`, `dev`).
    pub fn new(profile: &str, packages: &[&str]) -> Self {
        Self {
            packages: packages.iter().map(|&package| package.to_owned()).collect(),
            profile: profile.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// One more argument for cargo.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// A variable of cargo's environment.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Builds, with cargo's own progress on the terminal, and gives the packages' binaries in the order they were
    /// named in.
    pub fn run(&self, interrupt: &Interrupt) -> Result<Vec<PathBuf>, BuildError> {
        let mut cargo = Child::spawn("cargo", &mut self.command())?;
        let executables = Arc::new(Mutex::new(Vec::new()));
        let found = Arc::clone(&executables);
        cargo.follow_stdout(move |line| {
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(executable(line));
        });
        let Some(status) = cargo.wait(interrupt)? else {
            cargo.stop(GRACE, || false)?;
            return Err(BuildError::Interrupted);
        };
        if !status.success() {
            return Err(BuildError::Failed { packages: self.packages.join(", ") });
        }
        cargo.last_words();
        let executables = executables.lock().unwrap_or_else(PoisonError::into_inner);
        self.packages.iter().map(|name| pick(&executables, name)).collect()
    }

    fn command(&self) -> Command {
        // `cargo run` tells which cargo it is.
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["build", "--message-format=json-render-diagnostics", "--profile", &self.profile]);
        command.arg("--manifest-path").arg(workspace::root().join("Cargo.toml"));
        for package in &self.packages {
            command.args(["--package", package]);
        }
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

fn pick(executables: &[PathBuf], name: &str) -> Result<PathBuf, BuildError> {
    let named = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == Path::new(name));
    executables.iter().find(named).cloned().ok_or_else(|| BuildError::Missing { name: name.to_owned() })
}

/// The path in one of cargo's JSON lines that tell of a built binary. The names of the fields are unambiguous in what
/// cargo writes, so one string is taken out of it rather than a JSON parser into this crate.
fn executable(line: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once(r#""executable":""#)?;
    let mut path = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(PathBuf::from(path)),
            '\\' => path.push(characters.next()?),
            character => path.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_in_cargos_messages() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(executable(line), expected.map(PathBuf::from), "{line}");
        };
        check(r#"{"reason":"compiler-artifact","executable":"/t/release/user","fresh":true}"#, Some("/t/release/user"));
        check(r#"{"executable":"/a \"quoted\" \\ path/user"}"#, Some(r#"/a "quoted" \ path/user"#));
        check(r#"{"reason":"compiler-artifact","executable":null}"#, None);
        check(r#"{"executable":"/cut off"#, None);
        check("", None);
    }

    #[test]
    fn binaries_are_told_by_their_whole_name() {
        let built = ["/t/gateway-old", "/t/gateway", "/t/user"].map(PathBuf::from);
        assert_eq!(pick(&built, "gateway").unwrap(), Path::new("/t/gateway"));
        assert!(pick(&built, "task").unwrap_err().to_string().contains("task"));
    }
}
