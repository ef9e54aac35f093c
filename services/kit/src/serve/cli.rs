//! `--help`, which lists every setting, and `--version`.

use std::fmt::Write;

use clap::Command;

use super::About;
use crate::settings::{Common, SettingDoc};

/// Parses the process's arguments; ends the process for `--help`, `--version` and anything else
/// that it does not know (exit 2).
pub(super) fn parse(about: &About) {
    command(about).get_matches();
}

fn command(about: &About) -> Command {
    Command::new(about.name)
        .version(about.version)
        .about(format!("The {} service. Its settings come from the environment and .env.", about.name))
        .after_help(settings(about))
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
        assert!(help.contains("[default: 8001]"));
        assert!(help.contains("[default: sqlite://data/user.db?mode=rwc]"));
    }
}
