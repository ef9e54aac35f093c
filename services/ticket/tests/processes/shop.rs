//! The two services together, and what their databases say.

use std::time::{Duration, Instant};

use kit::database::{Database, DatabaseSettings};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Process;

const BUYER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) struct Shop {
    pub(crate) vacancy: Process,
    pub(crate) ticket: Process,
    folder: TempDir,
    client: Client,
}

impl Shop {
    /// With a hundred places.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vacancy = Process::start("vacancy", folder.path(), 0, &[("INITIAL_STOCK", "100")]);
        let ticket = Process::start("ticket", folder.path(), 0, &[("VACANCY_URL", &url(vacancy.port))]);
        Self { vacancy, ticket, folder, client: Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn restart_vacancy(&mut self) {
        self.vacancy = Process::start("vacancy", self.folder.path(), self.vacancy.port, &[]);
    }

    pub(crate) fn restart_ticket(&mut self) {
        let vacancy = url(self.vacancy.port);
        self.ticket = Process::start("ticket", self.folder.path(), self.ticket.port, &[("VACANCY_URL", &vacancy)]);
    }

    /// One who buys a place under `key`, again and again until the answer is a definite one.
    pub(crate) fn buyer(&self, key: String) -> impl Future<Output = Value> + Send + 'static {
        let (client, url) = (self.client.clone(), format!("{}/api/v1/purchase", url(self.ticket.port)));
        async move {
            let start = Instant::now();
            loop {
                let body = json!({ "qty": 1 });
                let request = client.post(&url).header("x-user-id", BUYER).header("idempotency-key", &key);
                match request.json(&body).send().await {
                    Ok(answer) if answer.status() == StatusCode::OK => {
                        // A body that breaks off is no answer either.
                        if let Ok(body) = answer.json().await {
                            return body;
                        }
                    }
                    Ok(answer) => assert!(
                        [StatusCode::SERVICE_UNAVAILABLE, StatusCode::CONFLICT].contains(&answer.status()),
                        "{}",
                        answer.status()
                    ),
                    // The process is being killed, or not there yet.
                    Err(_) => {}
                }
                assert!(start.elapsed() < DEADLINE, "no definite answer to {key}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// A number of the database of `service`.
    pub(crate) async fn number(&self, service: &str, query: &'static str) -> i64 {
        let file = self.folder.path().join(format!("data/{service}.db"));
        let database = Database::open(&DatabaseSettings::at(file)).await.unwrap();
        let number = sqlx::query_scalar(query).fetch_one(&mut *database.read().await.unwrap()).await.unwrap();
        database.close().await;
        number
    }

    pub(crate) async fn sold(&self) -> i64 {
        self.number("ticket", "SELECT coalesce(sum(qty), 0) FROM purchases WHERE status = 'confirmed'").await
    }

    pub(crate) async fn left(&self) -> i64 {
        self.number("vacancy", "SELECT available FROM stock").await
    }

    /// Waits until `holds`, which is asked again and again.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self).await {
            assert!(start.elapsed() < DEADLINE, "never happened: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until nothing is unfinished, and then stock and tickets have to agree; gives how many are sold.
    pub(crate) async fn settled(&self) -> i64 {
        self.until("nothing is unfinished", async |shop| {
            shop.number("ticket", "SELECT count(*) FROM purchases WHERE open = 1").await == 0
        })
        .await;
        let (sold, left) = (self.sold().await, self.left().await);
        assert_eq!(sold + left, 100, "sold {sold}, left {left}");
        sold
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
