//! The processes of a test, and what their databases hold.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use kit::database::{Database, DatabaseSettings};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::Row as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// Long, because a loaded machine is slow and not wrong.
const DEADLINE: Duration = Duration::from_mins(2);

/// Asks until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < DEADLINE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A witness; killed when this value goes.
pub(crate) struct Witness(Child);

impl Witness {
    pub(crate) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        tokio::time::timeout(DEADLINE, self.0.wait()).await.expect("it ends")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).expect("it still runs");
        kill(Pid::from_raw(id), signal).expect("it is our child");
    }
}

/// A publisher's and a consumer's database, and a topic between them.
pub(crate) struct Scene {
    folder: TempDir,
    servers: String,
    session_timeout: &'static str,
    topic: String,
    publisher: Database,
    consumer: Database,
}

impl Scene {
    /// The shorter the sessions, the sooner others follow those that were killed: 1 s where the broker lets it.
    /// The embedded one has the first of a group wait 3 s, and forgets one whose session is shorter.
    pub(crate) async fn new(servers: &str, session_timeout: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = async |role: &str| Database::open(&DatabaseSettings::at(folder.path().join(role))).await.unwrap();
        let (publisher, consumer) = (open("publish").await, open("consume").await);
        let topic = format!("witness-{}", Uuid::now_v7().simple());
        Self { folder, servers: servers.to_owned(), session_timeout, topic, publisher, consumer }
    }

    pub(crate) fn start(&self, role: &str, variables: &[(&str, &str)]) -> Witness {
        let database = format!("sqlite://{}?mode=rwc", self.folder.path().join(role).display());
        let mut command = Command::new(witness());
        command.env_clear().current_dir(self.folder.path()).envs(variables.iter().copied()).envs([
            ("PORT", "0"),
            ("DATABASE_URL", &database),
            ("KAFKA_BOOTSTRAP_SERVERS", &self.servers),
            ("KAFKA_SESSION_TIMEOUT", self.session_timeout),
            ("WITNESS_ROLE", role),
            // A group of its own on a broker that others use too.
            ("WITNESS_NAME", &self.topic),
            ("WITNESS_TOPIC", &self.topic),
            ("LOG_LEVEL", "warn"),
        ]);
        command.stdout(Stdio::null()).kill_on_drop(true);
        Witness(command.spawn().expect("the witness starts"))
    }

    /// Ends it as an operator would.
    pub(crate) async fn end(&self, mut witness: Witness) -> ExitStatus {
        witness.signal(Signal::SIGTERM);
        witness.wait().await.unwrap()
    }

    /// Number and key of what was committed, in order.
    pub(crate) async fn written(&self) -> Vec<(i64, String)> {
        rows(&self.publisher, "SELECT number, key FROM written ORDER BY number").await
    }

    /// Number and key of what had its effect, in the order of the effects.
    pub(crate) async fn applied(&self) -> Vec<(i64, String)> {
        rows(&self.consumer, "SELECT number, key FROM applied ORDER BY place").await
    }

    /// Whether the consumer's database lets another write.
    pub(crate) async fn takes_writes(&self) -> bool {
        self.consumer.write().await.is_ok()
    }

    /// How many events wait in the publisher's outbox.
    pub(crate) async fn waiting(&self) -> usize {
        rows(&self.publisher, "SELECT seq AS number, key FROM outbox").await.len()
    }

    /// Waits until all is applied: each event once, and in order for each key.
    pub(crate) async fn all_is_applied(&self) {
        eventually("all is applied", async || self.applied().await.len() >= self.written().await.len()).await;
        let (written, applied) = (self.written().await, self.applied().await);
        let mut sorted = applied.clone();
        sorted.sort();
        assert!(sorted == written, "{} were written, {} applied", written.len(), applied.len());
        for (_, key) in written.iter().take(7) {
            let numbers: Vec<_> = applied.iter().filter(|(_, of)| of == key).map(|(number, _)| *number).collect();
            assert!(numbers.is_sorted(), "{key}: {numbers:?}");
        }
        println!("{} events, each applied once and in order", applied.len());
    }
}

/// Nothing before the process has made the table.
async fn rows(database: &Database, query: &'static str) -> Vec<(i64, String)> {
    let mut connection = database.read().await.unwrap();
    let rows = sqlx::query(query).fetch_all(&mut *connection).await.unwrap_or_default();
    rows.iter().map(|row| (row.get("number"), row.get("key"))).collect()
}

/// Cargo builds examples with the tests of their package, beside them.
fn witness() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let path = test.ancestors().nth(2).expect("target/PROFILE/deps/test").join("examples/witness");
    assert!(path.is_file(), "build it first: cargo build -p kit --example witness");
    path
}
