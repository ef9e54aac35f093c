//! `--help`, which lists every setting, `--version`, and what a service does beside serving.

use std::fmt::Write;

use clap::Command;

use super::About;
use super::schema::Task;
use crate::settings::{Common, SettingDoc};

/// What the process was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// No arguments: to serve.
    Serve,
    /// `health`: to ask the one that serves how it is.
    Health,
    /// To look after the schema.
    Schema(Task),
}

/// Parses the process's arguments; ends the process for `--help`, `--version` and anything else
/// that it does not know (exit 2).
pub(super) fn parse(about: &About) -> Asked {
    match command(about).get_matches().subcommand_name() {
        Some(HEALTH) => Asked::Health,
        Some(MIGRATE) => Asked::Schema(Task::Migrate),
        Some(MIGRATIONS) => Asked::Schema(Task::Migrations),
        _ => Asked::Serve,
    }
}

const HEALTH: &str = "health";
const MIGRATE: &str = "migrate";
const MIGRATIONS: &str = "migrations";

fn command(about: &About) -> Command {
    let task = |name, help| Command::new(name).about(help);
    Command::new(about.name)
        .version(about.version)
        .about(format!("The {} service. Its settings come from the environment and .env.", about.name))
        .after_help(settings(about))
        .disable_help_subcommand(true)
        .subcommand(task(HEALTH, "Ask the service at HOST and PORT for its /health: exit 0 healthy, 1 not"))
        .subcommand(task(MIGRATE, "Bring the schema of DATABASE_URL up to date, as every start does"))
        .subcommand(task(MIGRATIONS, "List the migrations of DATABASE_URL, and when each was applied"))
}

fn settings(about: &About) -> String {
    let mut text = "Settings (environment, or .env in the working directory):\n".to_owned();
    for doc in about.settings.iter().chain(Common::DOCS) {
        let default = match doc.name {
            "PORT" => about.port.to_string(),
            "DATABASE_URL" => format!("sqlite://data/{}.db?mode=rwc", about.name),
            _ => doc.default.to_owned(),
        };
        let SettingDoc { name, help, .. } = doc;
        let default = if default.is_empty() { default } else { format!(" [default: {default}]") };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<24} {help}{default}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Reader, Source};

    #[test]
    fn help_lists_every_common_setting() {
        let mut reader = Reader::new(Source::default());
        Common::read(&mut reader, "user", 8001);
        let about = About { name: "user", version: "1.2.3", port: 8001, settings: &[] };
        let help = command(&about).render_help().to_string();
        for name in reader.asked() {
            assert!(help.contains(name), "{name} is not in --help");
        }
        assert!(help.contains("migrate ") && help.contains("migrations "));
        assert!(help.contains("[default: 8001]"));
        assert!(help.contains("[default: sqlite://data/user.db?mode=rwc]"));
    }
}
