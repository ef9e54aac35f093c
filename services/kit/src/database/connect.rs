//! From settings to connections.

use std::sync::Once;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions, Connection as _, Executor};

use super::settings::Access;
use super::{Connection, DatabaseError, DatabaseSettings, Dialect, is_busy};

/// How long a request may wait for its turn at the writer or for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a start waits for a server that is not there yet: the two are often started together.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);
/// Readers beyond this gain nothing on one file.
const SQLITE_READERS: u32 = 4;
/// A server's connections of one service.
const POSTGRES_CONNECTIONS: u32 = 10;

/// The pools of the writer and of the readers; on PostgreSQL they are one.
pub(super) async fn pools(settings: &DatabaseSettings) -> Result<(AnyPool, AnyPool), DatabaseError> {
    install_drivers();
    settings.create_file()?;
    let open = |source| DatabaseError::Open { at: settings.display(), source };
    match settings.dialect() {
        Dialect::Sqlite => {
            patiently(ACQUIRE_TIMEOUT, || first(settings)).await.map_err(open)?;
            let writer = patiently(ACQUIRE_TIMEOUT, || pool(settings, 1, Access::Write)).await.map_err(open)?;
            let readers = patiently(ACQUIRE_TIMEOUT, || pool(settings, SQLITE_READERS, Access::Read)).await;
            Ok((writer, readers.map_err(open)?))
        }
        Dialect::Postgres => {
            let both = patiently(START_TIMEOUT, || pool(settings, POSTGRES_CONNECTIONS, Access::Write)).await;
            let both = both.map_err(open)?;
            Ok((both.clone(), both))
        }
    }
}

/// A first connection to a file, for its error's sake: a pool tells of none that a statement of the setup meets, and
/// tries on until its time is over.
async fn first(settings: &DatabaseSettings) -> Result<(), sqlx::Error> {
    let mut connection = alone(settings).await?;
    for statement in settings.setup(Access::Write) {
        connection.execute(statement).await?;
    }
    // On a file that it may only read SQLite makes `BEGIN IMMEDIATE` a plain one, and migrations that are all applied
    // write nothing: a write that is taken back tells.
    connection.execute("BEGIN IMMEDIATE").await?;
    connection.execute("CREATE TABLE trial (id INTEGER)").await?;
    connection.execute("ROLLBACK").await?;
    connection.close().await
}

/// One connection outside of the pools, which ends when it is dropped.
pub(super) async fn alone(settings: &DatabaseSettings) -> Result<Connection, sqlx::Error> {
    install_drivers();
    Connection::connect_with(&options(settings)?).await
}

async fn pool(settings: &DatabaseSettings, most: u32, access: Access) -> Result<AnyPool, sqlx::Error> {
    let setup = settings.setup(access);
    let options_of_pool = AnyPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
    let options_of_pool = match settings.dialect() {
        // A connection to a file does not age, and a new one costs its warm cache.
        Dialect::Sqlite => options_of_pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false),
        Dialect::Postgres => options_of_pool,
    };
    // SQLite ends a transaction by itself when the disk is full or refuses, which the driver's own count does
    // not notice: such a connection would refuse every further transaction.
    let options_of_pool =
        options_of_pool.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    let options_of_pool = options_of_pool.after_connect(move |connection, _| {
        let setup = setup.clone();
        Box::pin(async move {
            for statement in setup {
                connection.execute(statement).await?;
            }
            Ok(())
        })
    });
    options_of_pool.connect_with(options(settings)?).await
}

fn options(settings: &DatabaseSettings) -> Result<AnyConnectOptions, sqlx::Error> {
    Ok(settings.url().parse::<AnyConnectOptions>()?.disable_statement_logging())
}

/// Tries again while the database is busy or away: an instance that turns a new file to the
/// write-ahead log locks the others out, and for that lock SQLite does not wait by itself.
async fn patiently<T, F>(patience: Duration, connect: impl Fn() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let deadline = Instant::now() + patience;
    loop {
        match connect().await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

pub(super) fn install_drivers() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that they are installed already, which is what is wanted.
        let _ = sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]);
    });
}
