//! The settings of all five services. Each reads `<SERVICE>_NAME` before `NAME`.
use std::fmt::Write;

use kit::{
    About, Reader, SettingDoc, StartError,
    settings::{Common, DeploymentMode, Fault, Source},
};

/// What cannot be right for two services. `HOST` and `PORT` are gateway.toml's here.
const OWN: [&str; 3] = ["DATABASE_URL", "HOST", "PORT"];
/// What is read without a prefix alone, since there is one of it in the process.
const SHARED: [&str; 4] = ["DEPLOYMENT_MODE", "LOG_LEVEL", "JSON_LOGS", "KAFKA_BOOTSTRAP_SERVERS"];
/// What the gateway decides here: where it listens, how long it drains, and whose identity fields are believed.
const OF_GATEWAY: [&str; 4] = ["HOST", "PORT", "DRAIN_TIMEOUT", "GATEWAY_SECRET"];

/// The settings of the whole process.
pub(crate) struct Settings {
    /// What there is one of: the broker.
    pub(crate) common: Common,
    pub(crate) user: Part<user::Settings>,
    pub(crate) task: Part<task::Settings>,
    pub(crate) notification: Part<notification::Settings>,
    pub(crate) vacancy: Part<vacancy::Settings>,
    pub(crate) ticket: Part<ticket::Settings>,
}

/// One service's.
pub(crate) struct Part<S> {
    pub(crate) common: Common,
    pub(crate) own: S,
}

impl Settings {
    /// Reads them from `source`; a fault names the variable as it is set.
    pub(crate) fn read(source: &Source) -> Result<Self, StartError> {
        let mut faults = Vec::new();
        let mut reader = Reader::new(source.part("", &OWN));
        let common = Common::read(&mut reader, "monolith", 0);
        note(&mut faults, reader, source, "");
        faults.extend(source.faults().iter().cloned());
        if source.get("DEPLOYMENT_MODE").and_then(DeploymentMode::parse) == Some(DeploymentMode::Microservices) {
            let (name, value) = ("DEPLOYMENT_MODE".into(), Some("microservices".into()));
            let expected =
                "monolith: in the other mode each service is a program of its own, and `gateway` is before them";
            faults.push(Fault { name, value, expected: expected.into() });
        }
        if source.get("DATABASE_URL").is_some() {
            // Its value may hold a password.
            let expected = "not to be set: each service owns its database. Set USER_DATABASE_URL, TASK_DATABASE_URL, \
                            NOTIFICATION_DATABASE_URL, VACANCY_DATABASE_URL and TICKET_DATABASE_URL";
            faults.push(Fault { name: "DATABASE_URL".into(), value: None, expected: expected.into() });
        }
        let settings = Self {
            common,
            user: part(source, &user::ABOUT, user::Settings::read, &mut faults),
            task: part(source, &task::ABOUT, task::Settings::read, &mut faults),
            notification: part(source, &notification::ABOUT, notification::Settings::read, &mut faults),
            vacancy: part(source, &vacancy::ABOUT, vacancy::Settings::read, &mut faults),
            ticket: part(source, &ticket::ABOUT, ticket::Settings::read, &mut faults),
        };
        if faults.is_empty() { Ok(settings) } else { Err(StartError::Settings(faults)) }
    }
}

fn part<S>(source: &Source, about: &About, read: impl FnOnce(&mut Reader) -> S, faults: &mut Vec<Fault>) -> Part<S> {
    let prefix = prefix(about);
    let mut reader = Reader::new(source.part(&prefix, &OWN));
    let common = Common::read(&mut reader, about.name, about.port);
    let own = read(&mut reader);
    note(faults, reader, source, &prefix);
    Part { common, own }
}

/// `USER_`.
fn prefix(about: &About) -> String {
    format!("{}_", about.name.to_ascii_uppercase())
}

/// Adds a reader's faults under the names that are set; one that several services share is told once.
fn note(faults: &mut Vec<Fault>, reader: Reader, source: &Source, prefix: &str) {
    for mut fault in reader.finish().err().unwrap_or_default() {
        let prefixed = format!("{prefix}{}", fault.name);
        if source.get(&prefixed).is_some() {
            fault.name = prefixed;
        }
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// Every setting, for `--help`.
pub(crate) fn help() -> String {
    let mut text = "Settings (environment, or .env in the working directory):\n".to_owned();
    let mut line = |name: &str, doc: &SettingDoc, default: &str| {
        let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<30} {}{default}", doc.help);
    };
    for doc in Common::DOCS.iter().filter(|doc| !OWN.contains(&doc.name) && !OF_GATEWAY.contains(&doc.name)) {
        match doc.name {
            "DEPLOYMENT_MODE" => line(doc.name, doc, "monolith"),
            "LOG_LEVEL" => line(doc.name, doc, crate::LOG_LEVEL),
            "KAFKA_BOOTSTRAP_SERVERS" => {
                let help = "HOST:PORT[,HOST:PORT...] of the broker; without it events travel in memory";
                line(doc.name, &SettingDoc { help, ..*doc }, doc.default);
            }
            _ => line(doc.name, doc, doc.default),
        }
    }
    let abouts = [user::ABOUT, task::ABOUT, notification::ABOUT, vacancy::ABOUT, ticket::ABOUT];
    for about in &abouts {
        let database =
            Common::DOCS.iter().find(|doc| doc.name == "DATABASE_URL").expect("every service has a database");
        let name = format!("{}DATABASE_URL", prefix(about));
        line(&name, database, &format!("sqlite://data/{}.db?mode=rwc", about.name));
    }
    for about in &abouts {
        about.settings.iter().for_each(|doc| line(doc.name, doc, doc.default));
    }
    let shared = SHARED.join(", ");
    text + &format!(
        "Any but {shared} may have a service's name before it, for that one alone: TASK_SQLITE_SYNCHRONOUS."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(pairs: &[(&str, &str)]) -> Vec<String> {
        match Settings::read(&Source::from_pairs(pairs.iter().copied())) {
            Ok(_) => Vec::new(),
            Err(StartError::Settings(faults)) => faults.iter().map(ToString::to_string).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn each_service_owns_its_database() {
        assert!(faults(&[]).is_empty());
        assert!(faults(&[("USER_DATABASE_URL", "sqlite://u.db"), ("PORT", "no port of ours")]).is_empty());
        let told = faults(&[("DATABASE_URL", "postgres://a:hunter2@b/c")]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("TICKET_DATABASE_URL") && !told[0].contains("hunter2"), "{told:?}");
        let settings = Settings::read(&Source::default()).unwrap_or_else(|error| panic!("{error}"));
        let debug = format!("{:?} {:?}", settings.user.common.database, settings.ticket.common.database);
        assert!(debug.contains("user.db") && debug.contains("ticket.db"), "{debug}");
    }

    #[test]
    fn a_fault_names_the_variable_as_it_is_set_and_once() {
        let told = faults(&[("TASK_DATABASE_URL", "x"), ("SQLITE_SYNCHRONOUS", "x"), ("VACANCY_INITIAL_STOCK", "x")]);
        let names: Vec<_> = told.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["SQLITE_SYNCHRONOUS", "TASK_DATABASE_URL", "VACANCY_INITIAL_STOCK"], "{told:?}");
    }

    #[test]
    fn it_is_the_monolith_whatever_the_mode_says() {
        assert!(faults(&[("DEPLOYMENT_MODE", "Monolith")]).is_empty());
        let told = faults(&[("DEPLOYMENT_MODE", "microservices")]);
        assert!(told.len() == 1 && told[0].contains("expected monolith"), "{told:?}");
        let told = faults(&[("DEPLOYMENT_MODE", "both")]);
        assert_eq!(told, ["DEPLOYMENT_MODE = \"both\": expected microservices or monolith"]);
    }

    #[test]
    fn help_lists_what_the_services_list() {
        let help = help();
        for about in [user::ABOUT, task::ABOUT, notification::ABOUT, vacancy::ABOUT, ticket::ABOUT] {
            assert!(about.settings.iter().all(|doc| help.contains(doc.name)), "{}", about.name);
            assert!(help.contains(&format!("sqlite://data/{}.db", about.name)));
        }
        assert!(!help.contains("  PORT "), "gateway.toml says where it listens");
    }
}
