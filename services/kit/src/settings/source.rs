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
