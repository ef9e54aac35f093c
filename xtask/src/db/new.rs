//! `cargo xtask db new`: the files of the next migration.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The folders of a service's `migrations`, and what their databases are called.
const DIALECTS: [(&str, &str); 2] = [("sqlite", "SQLite"), ("postgres", "PostgreSQL")];

/// What was written.
#[derive(Debug)]
pub(crate) struct New {
    /// A file for each database.
    pub(crate) files: Vec<PathBuf>,
    /// How the service lists them.
    pub(crate) line: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    #[error("{0:?} is no name for a migration: letters, digits, spaces and _, with a letter first, 1 to 60 of them")]
    Name(String),
    #[error("the migrations of the two databases differ: {0} is there for one of them alone")]
    Uneven(String),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// Writes `NUMBER_NAME.sql` into both folders of `migrations`; the number follows the highest there.
pub(crate) fn write(migrations: &Path, name: &str) -> Result<New, NewError> {
    let words = words(name).ok_or_else(|| NewError::Name(name.to_owned()))?;
    let number = next_number(migrations)?;
    let stem = format!("{number:04}_{}", words.join("_"));
    let title = words.join(" ");
    let mut files = Vec::new();
    for (folder, database) in DIALECTS {
        let path = migrations.join(folder).join(format!("{stem}.sql"));
        // Of two that are made at once one fails, rather than either's file.
        let made = OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| {
            writeln!(file, "-- Migration {number} ({title}), for {database}. Once released it never changes.")
        });
        made.map_err(|source| NewError::File { path: path.clone(), source })?;
        files.push(path);
    }
    Ok(New { files, line: format!("kit::migration!({number}, \"{title}\", \"{stem}\"),") })
}

/// The name's words in lower case.
fn words(name: &str) -> Option<Vec<String>> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'_');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let words = name.split([' ', '_']).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
    (letters && first && name.len() <= 60).then(|| words.collect())
}

/// One more than the highest number, once both databases have the same files.
fn next_number(migrations: &Path) -> Result<u32, NewError> {
    let [sqlite, postgres] = DIALECTS.map(|(folder, _)| names(&migrations.join(folder)));
    let (sqlite, postgres) = (sqlite?, postgres?);
    let alone = sqlite.iter().find(|name| !postgres.contains(name));
    if let Some(name) = alone.or_else(|| postgres.iter().find(|name| !sqlite.contains(name))) {
        return Err(NewError::Uneven(name.clone()));
    }
    let numbers = sqlite.iter().filter_map(|name| name.split('_').next()?.parse::<u32>().ok());
    Ok(numbers.max().unwrap_or_default() + 1)
}

fn names(folder: &Path) -> Result<Vec<String>, NewError> {
    let failed = |source| NewError::File { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of migrations that is removed again.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str, sqlite: &[&str], postgres: &[&str]) -> Self {
            let path = std::env::temp_dir().join(format!("migrations-{test}-{}", std::process::id()));
            for (folder, files) in [("sqlite", sqlite), ("postgres", postgres)] {
                fs::create_dir_all(path.join(folder)).unwrap();
                for file in files {
                    fs::write(path.join(folder).join(file), "").unwrap();
                }
            }
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_next_migration_has_the_next_number_for_both_databases() {
        let both = ["0001_users.sql", "0010_more.sql"];
        let folder = Folder::new("next", &both, &both);
        let made = write(&folder.0, "Add due_date").unwrap();
        assert_eq!(made.line, "kit::migration!(11, \"add due date\", \"0011_add_due_date\"),");
        let names: Vec<_> = made.files.iter().map(|file| file.strip_prefix(&folder.0).unwrap()).collect();
        let expected = ["sqlite/0011_add_due_date.sql", "postgres/0011_add_due_date.sql"];
        assert_eq!(names, expected.map(Path::new));
        assert!(fs::read_to_string(&made.files[1]).unwrap().contains("PostgreSQL"));
        assert!(write(&folder.0, "again").unwrap().line.contains("(12, "));
    }

    #[test]
    fn a_service_without_migrations_begins_at_one() {
        let folder = Folder::new("first", &[], &[]);
        assert!(write(&folder.0, "tasks").unwrap().line.starts_with("kit::migration!(1, "));
    }

    #[test]
    fn what_would_do_harm_is_refused() {
        let folder = Folder::new("uneven", &["0001_users.sql"], &[]);
        assert!(matches!(write(&folder.0, "x"), Err(NewError::Uneven(name)) if name == "0001_users.sql"));
        for bad in ["", " ", "_", "1st", "a/b", "../x", "ü", "a\nb", &"a".repeat(61)] {
            assert!(matches!(write(&folder.0, bad), Err(NewError::Name(_))), "{bad:?}");
        }
    }
}
