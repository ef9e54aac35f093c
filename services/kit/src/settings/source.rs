//! Where settings come from: the process's environment over the working directory's `.env`.

use std::collections::HashMap;
use std::path::Path;

use super::Fault;

/// The variables that a process may read. Values that are empty count as not set, so that
/// `NAME=` in a compose file means the default.
#[derive(Clone, Default)]
pub struct Source {
    values: HashMap<String, String>,
    faults: Vec<Fault>,
}

impl Source {
    /// The process's environment, and `.env` of the working directory for what that lacks.
    /// A `.env` that cannot be parsed is a fault; one that is absent is none.
    pub fn from_process() -> Self {
        let mut source = Self::default();
        source.add_file(Path::new(".env"));
        for (name, value) in std::env::vars_os() {
            // A name or value that is not Unicode is no setting of ours.
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                source.values.insert(name, value);
            }
        }
        source
    }

    /// Exactly these variables, for tests and for a process that composes services itself.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { values: values.collect(), faults: Vec::new() }
    }

    /// For one of several parts of a process: `<prefix>NAME` goes before `NAME`, and the names in `own` are
    /// read with the prefix alone, since what they say cannot be right for two parts. An empty prefix reads
    /// all but those.
    #[must_use]
    pub fn part(&self, prefix: &str, own: &[&str]) -> Self {
        let mut values = self.values.clone();
        for name in own {
            values.remove(*name);
        }
        if prefix.is_empty() {
            return Self { values, faults: Vec::new() };
        }
        let prefixed = self.values.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        values
            .extend(prefixed.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.clone())));
        Self { values, faults: Vec::new() }
    }

    /// What `name` holds; `None` when it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What was wrong with the sources themselves.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn add_file(&mut self, path: &Path) {
        let entries = match dotenvy::from_path_iter(path) {
            Ok(entries) => entries,
            Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return;
            }
            Err(error) => return self.file_fault(path, &error),
        };
        for entry in entries {
            match entry {
                Ok((name, value)) => {
                    self.values.insert(name, value);
                }
                Err(error) => self.file_fault(path, &error),
            }
        }
    }

    fn file_fault(&mut self, path: &Path, error: &dotenvy::Error) {
        // A parse error quotes the line, which may hold a secret: only its place is told.
        let expected = match error {
            dotenvy::Error::LineParse(_, at) => {
                format!("lines of NAME=value; one does not parse near its character {at}")
            }
            other => format!("a readable file: {other}"),
        };
        self.faults.push(Fault { name: path.display().to_string(), value: None, expected });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_reads_its_prefix_first_and_some_names_with_it_alone() {
        let source = Source::from_pairs([
            ("DATABASE_URL", "sqlite://all.db"),
            ("USER_DATABASE_URL", "sqlite://user.db"),
            ("LOG_LEVEL", "warn"),
            ("TASK_LOG_LEVEL", "debug"),
            ("TASK_JSON_LOGS", ""),
            ("JSON_LOGS", "true"),
        ]);
        let (user, task) = (source.part("USER_", &["DATABASE_URL"]), source.part("TASK_", &["DATABASE_URL"]));
        assert_eq!(user.get("DATABASE_URL"), Some("sqlite://user.db"));
        assert_eq!(task.get("DATABASE_URL"), None);
        assert_eq!((user.get("LOG_LEVEL"), task.get("LOG_LEVEL")), (Some("warn"), Some("debug")));
        assert_eq!(task.get("JSON_LOGS"), Some("true"), "an empty value is none");
        let whole = source.part("", &["DATABASE_URL"]);
        assert_eq!((whole.get("DATABASE_URL"), whole.get("LOG_LEVEL")), (None, Some("warn")));
    }
}
