//! `SERVICE migrate` and `SERVICE migrations`: the schema brought up to date, or looked at, without serving.
//! `cargo xtask db` calls them.

use std::fmt::Write;

use jiff::Timestamp;

use super::StartError;
use crate::database::{Database, DatabaseSettings};
use crate::migrate::{self, Migration, Status};

/// What is done instead of serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Apply what is missing.
    Migrate,
    /// Show each migration with its instant.
    Migrations,
}

/// Does it, and gives what is to be printed.
pub(super) async fn run(
    task: Task,
    settings: &DatabaseSettings,
    migrations: &'static [Migration],
) -> Result<String, StartError> {
    let at = settings.display();
    // Looking makes no file.
    if task == Task::Migrations && settings.is_absent() {
        return Ok(table(&format!("{at} (not there yet)"), &migrate::unapplied(migrations)));
    }
    let database = Database::open(settings).await?;
    let told = match task {
        Task::Migrate => migrate::migrate(&database, migrations).await.map(|count| match count {
            0 => format!("{at}: up to date\n"),
            1 => format!("{at}: 1 migration applied\n"),
            _ => format!("{at}: {count} migrations applied\n"),
        }),
        Task::Migrations => migrate::status(&database, migrations).await.map(|all| table(&at, &all)),
    };
    database.close().await;
    Ok(told?)
}

/// The database, and a line for each migration: number, name, instant. Those of the kit, which every
/// service has, have negative numbers.
fn table(at: &str, all: &[Status]) -> String {
    let width = all.iter().map(|one| one.name.chars().count()).max().unwrap_or_default();
    let mut text = format!("{at}\n");
    for Status { version, name, applied_at } in all {
        let when = match applied_at.map(Timestamp::from_millisecond) {
            None => "not applied".to_owned(),
            Some(Ok(instant)) => format!("applied {instant}"),
            Some(Err(_)) => "applied at an unknown time".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{version:>6}  {name:<width$}  {when}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDatabase;

    const MIGRATIONS: &[Migration] = &[Migration {
        version: 1,
        name: "things",
        sqlite: "CREATE TABLE things (id TEXT);",
        postgres: "CREATE TABLE things (id TEXT);",
    }];

    async fn check(test: &TestDatabase) {
        let told = async |task| run(task, &test.settings, MIGRATIONS).await.unwrap();
        let before = told(Task::Migrations).await;
        assert_eq!(before.matches("not applied").count(), 3, "{before}");
        assert!(told(Task::Migrate).await.ends_with(": 3 migrations applied\n"));
        assert!(told(Task::Migrate).await.ends_with(": up to date\n"));
        let after = told(Task::Migrations).await;
        let lines: Vec<&str> = after.lines().collect();
        assert_eq!(lines.len(), 4, "{after}");
        assert!(lines[1].starts_with("    -1  events and idempotency keys  applied 20"), "{after}");
        assert!(lines[3].starts_with("     1  things                       applied 20"), "{after}");
    }

    #[tokio::test]
    async fn a_schema_is_brought_up_to_date_and_looked_at_on_sqlite() {
        let test = TestDatabase::sqlite();
        run(Task::Migrations, &test.settings, MIGRATIONS).await.unwrap();
        assert!(test.settings.is_absent(), "looking made a file");
        check(&test).await;
    }

    #[tokio::test]
    async fn a_schema_is_brought_up_to_date_and_looked_at_on_postgres() {
        if let Some(test) = TestDatabase::postgres().await {
            check(&test).await;
        }
    }
}
