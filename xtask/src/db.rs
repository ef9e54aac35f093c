//! `cargo xtask db`: the schemas of the services' databases.

use std::{
    fs, io,
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::Subcommand;
use xtask::{
    cargo::{Build, BuildError},
    interrupt::Interrupt,
    workspace,
};

use crate::compare::replace_by;

mod new;

/// What is done. `DATABASE_URL` of the environment, or of .env at the root of the repository, names the database;
/// without it, it is data/SERVICE.db there.
#[derive(Subcommand)]
pub(crate) enum Task {
    /// Apply the migrations that a service's database lacks, as every start of the service does
    Migrate {
        /// The service: user, task, notification, vacancy or ticket
        service: String,
    },
    /// List a service's migrations, and when each was applied
    Status {
        /// The service
        service: String,
    },
    /// Write the next migration's files, one for SQLite and one for PostgreSQL
    New {
        /// The service
        service: String,
        /// What it does, in a word or two: `add_due_date`
        name: String,
    },
}

#[derive(Debug, thiserror::Error)]
enum DbError {
    #[error("there is no service {name} with migrations; there are: {known}")]
    Service { name: String, known: String },
    #[error(transparent)]
    New(#[from] new::NewError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
}

pub(crate) fn main(task: &Task) -> ExitCode {
    match run(task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(task: &Task) -> Result<ExitCode, DbError> {
    match task {
        Task::Migrate { service } => ask(service, "migrate"),
        Task::Status { service } => ask(service, "migrations"),
        Task::New { service, name } => {
            let made = new::write(&known(service)?.join("migrations"), name)?;
            for file in &made.files {
                println!("{}", file.strip_prefix(workspace::root()).unwrap_or(file).display());
            }
            println!("Write the statements, and add to the service's list of migrations:\n    {}", made.line);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Has the service's own binary do it, which alone knows its migrations: the one that `up` runs.
fn ask(service: &str, task: &str) -> Result<ExitCode, DbError> {
    known(service)?;
    let interrupt = Interrupt::install().map_err(BuildError::from)?;
    let mut binaries = Build::new("release", &[service]).run(&interrupt)?;
    let mut command = Command::new(binaries.remove(0));
    command.arg(task).current_dir(workspace::root());
    Ok(replace_by(command))
}

/// The folder of a service that has migrations.
fn known(service: &str) -> Result<PathBuf, DbError> {
    let services = workspace::root().join("services");
    let failed = |source| DbError::Read { path: services.clone(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(&services).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // The kit's tables are every service's, and no service.
        if entry.path().join("migrations").is_dir() && entry.path().join("src/main.rs").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    if names.iter().any(|name| name == service) {
        return Ok(services.join(service));
    }
    Err(DbError::Service { name: service.to_owned(), known: names.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_those_with_a_binary_and_migrations() {
        assert!(known("user").unwrap().ends_with("services/user"));
        for other in ["kit", "nobody", "../services/user", ""] {
            let error = known(other).unwrap_err().to_string();
            assert!(error.contains("user"), "{error}");
        }
    }
}
