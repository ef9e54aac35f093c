//! What the tests of a service need: databases of both kinds, settings, a running module, requests and
//! answers, a clock that stands, and the layers' rules.

pub mod clock;
pub mod http;
pub mod layers;
pub mod process;

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bus::Bus;
use crate::database::{Connection, Database, DatabaseSettings};
use crate::identity::Trust;
use crate::metrics::Metrics;
use crate::serve::{About, Context};
use crate::settings::{Common, Reader, Source};

/// Makes of a contract a test on each database: modules `sqlite` and `postgres` that call each function named,
/// of the module around, with what `$of` makes of the [`TestDatabase`].
#[macro_export]
macro_rules! on_each_database {
    ($of:path => $($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                let database = $crate::testing::TestDatabase::sqlite();
                let of = $of(&database).await;
                super::$test(&of).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(database) = $crate::testing::TestDatabase::postgres().await {
                    let of = $of(&database).await;
                    super::$test(&of).await;
                }
            })+
        }
    };
}

/// Names the server on which tests make databases: `postgres://USER:PASSWORD@HOST:PORT/DATABASE` of one
/// who may create databases.
const SERVER: &str = "TEST_POSTGRES_URL";
/// Set by the project's own check: a part that a test needs must then be there.
const REQUIRED: &str = "REQUIRE_REAL_PARTS";

/// A new, empty database, and what keeps it.
pub struct TestDatabase {
    /// How it is opened.
    pub settings: DatabaseSettings,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// An SQLite file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let settings = DatabaseSettings::at(folder.path().join("test.db"));
        Self { settings, _folder: Some(folder) }
    }

    /// A database of the PostgreSQL server that `TEST_POSTGRES_URL` names. `None` without that variable:
    /// the reason is printed and the test is over, but for the project's own check, where it fails. The
    /// database is left behind: it is the server's that was started for the tests.
    pub async fn postgres() -> Option<Self> {
        let settings = DatabaseSettings::parse(&postgres_url().await?).expect("the URL was just used");
        Some(Self { settings, _folder: None })
    }

    /// Opens it.
    pub async fn open(&self) -> Database {
        Database::open(&self.settings).await.expect("a database that was just made opens")
    }
}

/// The URL of a new, empty database, as [`TestDatabase::postgres`] has one: for a process.
pub async fn postgres_url() -> Option<String> {
    let server = required(SERVER)?;
    Database::install_drivers();
    let name = format!("test_{}", Uuid::now_v7().simple());
    let mut connection = Connection::connect(&server).await.expect("the server of TEST_POSTGRES_URL answers");
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("it lets create databases");
    let (base, _) = server.rsplit_once('/').expect("TEST_POSTGRES_URL ends with /DATABASE");
    Some(format!("{base}/{name}"))
}

/// The value of a variable that names a real part: PostgreSQL, Kafka. `None` when it is not set, with the
/// reason printed; a panic where `REQUIRE_REAL_PARTS` is set.
pub fn required(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => Some(value),
        _ => {
            assert!(std::env::var_os(REQUIRED).is_none(), "{variable} is not set, and {REQUIRED} is");
            eprintln!("skipped: {variable} is not set");
            None
        }
    }
}

/// The context of a service in a test: an SQLite file in `folder`, on port 0, the given bus, and identity
/// fields believed.
pub fn context(about: About, folder: &Path, bus: Bus) -> Context {
    let mut reader = Reader::new(Source::from_pairs([("PORT", "0")]));
    let mut common = Common::read(&mut reader, about.name, about.port);
    reader.finish().expect("these settings are sound");
    common.database = DatabaseSettings::at(folder.join(format!("{}.db", about.name)));
    Context { about, common, bus, metrics: Metrics::default(), trust: Trust::InProcess }
}
