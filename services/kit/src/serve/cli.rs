//! `--help`, which lists every setting, `--version`, and what a service does beside serving.

use std::fmt::Write;

use clap::Command;

use super::About;
use super::schema::Task;
use crate::settings::{Common, SettingDoc};

/// Parses the process's arguments; ends the process for `--help`, `--version` and anything else
/// that it does not know (exit 2). `None` is to serve; only a service that names its migrations has
/// anything else to do.
pub(super) fn parse(about: &About, migrates: bool) -> Option<Task> {
    match command(about, migrates).get_matches().subcommand_name() {
        Some(MIGRATE) => Some(Task::Migrate),
        Some(MIGRATIONS) => Some(Task::Migrations),
        _ => None,
    }
}

fn command(about: &About, migrates: bool) -> Command {
    let migrate = Command::new(MIGRATE).about("Bring the schema of DATABASE_URL up to date, as every start does");
    let migrations = Command::new(MIGRATIONS).about("List the migrations of DATABASE_URL, and when each was applied");
    let tasks = if migrates { vec![migrate, migrations] } else { Vec::new() };
    Command::new(about.name)
        .subcommands(tasks)
        .disable_help_subcommand(true)
        .version(about.version)
        .about(format!("The {} service. Its settings come from the environment and .env.", about.name))
        .after_help(settings(about))
}

const MIGRATE: &str = "migrate";
const MIGRATIONS: &str = "migrations";

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
        let help = command(&about, true).render_help().to_string();
        for name in reader.asked() {
            assert!(help.contains(name), "{name} is not in --help");
        }
        assert!(help.contains("migrate ") && help.contains("migrations "));
        assert!(!command(&about, false).render_help().to_string().contains("migrations "));
        assert!(help.contains("[default: 8001]"));
        assert!(help.contains("[default: sqlite://data/user.db?mode=rwc]"));
    }
}
