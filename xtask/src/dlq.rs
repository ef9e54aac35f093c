//! `cargo xtask dlq`: builds the `broker` binary, then hands over to it, so that this crate needs no Kafka library.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::{Args, Subcommand};
use xtask::{
    cargo::{Build, BuildError},
    interrupt::Interrupt,
    workspace,
};

use crate::compare::replace_by;

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Print each: topic, partition, offset, key, event type, error
    List(Letters),
    /// Publish each on its topic again, the oldest first
    Replay(Letters),
}

#[derive(Args)]
struct Letters {
    /// HOST:PORT of the broker that has them
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS")]
    bootstrap: Option<String>,
    /// URL of the database that has them, of a service in the monolith; every SQLite file of data/ when neither is given
    #[arg(long)]
    database: Vec<String>,
    /// Those of this topic alone: user.events
    #[arg(long)]
    topic: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    match prepare(options) {
        Ok(command) => replace_by(command),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(options: &Options) -> Result<Command, BuildError> {
    let broker = Build::new("release", &["broker"]).run(&Interrupt::install()?)?.remove(0);
    let mut command = Command::new(broker);
    command.current_dir(workspace::root()).args(arguments(&options.command, files));
    Ok(command)
}

/// What `broker` is told. `files` gives the databases to look into when nothing says where.
fn arguments(task: &Task, files: impl FnOnce() -> Vec<PathBuf>) -> Vec<OsString> {
    let (name, letters) = match task {
        Task::List(letters) => ("list", letters),
        Task::Replay(letters) => ("replay", letters),
    };
    let mut arguments: Vec<OsString> = vec!["dlq".into(), name.into()];
    let mut flag = |name: &str, value: OsString| arguments.extend([OsString::from(name), value]);
    flag("--limit", letters.limit.to_string().into());
    if let Some(topic) = &letters.topic {
        flag("--topic", topic.into());
    }
    if let Some(bootstrap) = &letters.bootstrap {
        flag("--bootstrap", bootstrap.into());
    }
    for url in &letters.database {
        flag("--database", url.into());
    }
    if letters.bootstrap.is_none() && letters.database.is_empty() {
        for file in files() {
            let mut url = OsString::from("sqlite://");
            url.push(file);
            flag("--database", url);
        }
    }
    arguments
}

/// The databases that `cargo xtask up` has made.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace::root().join("data"));
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "db")).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_of_data_are_looked_into_when_nothing_says_where() {
        let check = |bootstrap: Option<&str>, database: &[&str], expected: &str| {
            let letters = Letters {
                bootstrap: bootstrap.map(str::to_owned),
                database: database.iter().map(|&url| url.to_owned()).collect(),
                topic: Some("user.events".into()),
                limit: 5,
            };
            let found = arguments(&Task::Replay(letters), || vec!["data/a.db".into(), "data/b.db".into()]);
            let found: Vec<_> = found.iter().map(|argument| argument.to_str().unwrap()).collect();
            assert_eq!(found.join(" "), format!("dlq replay --limit 5 --topic user.events {expected}"));
        };
        check(None, &[], "--database sqlite://data/a.db --database sqlite://data/b.db");
        check(Some("h:1"), &[], "--bootstrap h:1");
        check(None, &["sqlite://x"], "--database sqlite://x");
    }
}
