//! The vacancy service over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kit::correlation::Correlation;
use kit::identity::GATEWAY_SECRET;
use kit::outbox::TRACEPARENT;
use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::application::ports::{Reservation, VacancyClient, VacancyUnavailable};
use crate::domain::{Quantity, TicketId, Verdict};

/// A request that did not reach the service, or whose connection broke, is sent once more: each of them
/// may be sent twice.
const ATTEMPTS: u32 = 2;

/// How the service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteSettings {
    /// `VACANCY_URL`, without a slash at its end.
    pub url: String,
    /// `VACANCY_TIMEOUT`: for a whole call, the wait for a free connection included.
    pub timeout: Duration,
    /// `HTTP_MAX_CONNECTIONS`: calls at once.
    pub max_connections: usize,
    /// `HTTP_KEEPALIVE_CONNECTIONS`: connections kept while nothing is asked.
    pub keepalive_connections: usize,
}

/// A client of the service. Clones share its connections.
#[derive(Clone)]
pub struct RemoteVacancy {
    client: Client,
    settings: RemoteSettings,
    secret: Option<HeaderValue>,
    permits: Arc<Semaphore>,
}

#[derive(Serialize)]
struct ReserveBody {
    qty: i64,
    reservation_id: String,
}

#[derive(Serialize)]
struct ReleaseBody {
    reservation_id: String,
}

#[derive(Deserialize)]
struct StockBody {
    success: bool,
    remaining: i64,
}

#[derive(Deserialize)]
struct AvailableBody {
    qty: i64,
}

impl RemoteVacancy {
    /// `secret` is `GATEWAY_SECRET`, by which services of this system know one another. The error is a
    /// sentence about what the system refused.
    pub fn new(settings: RemoteSettings, secret: Option<&str>) -> Result<Self, String> {
        let client = Client::builder()
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(settings.keepalive_connections)
            .build()
            .map_err(|error| format!("the client of the vacancy service cannot be made: {error}"))?;
        let secret = secret.map(HeaderValue::from_str).transpose();
        let mut secret = secret.map_err(|_| "GATEWAY_SECRET cannot be sent in a header".to_owned())?;
        if let Some(secret) = &mut secret {
            secret.set_sensitive(true);
        }
        let permits = Arc::new(Semaphore::new(settings.max_connections));
        Ok(Self { client, settings, secret, permits })
    }

    /// Sends what `request` makes, within the time for it; the answer is a success.
    async fn call<T>(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<T, VacancyUnavailable>
    where
        T: for<'de> Deserialize<'de>,
    {
        let whole = async {
            // The semaphore is never closed; were it, nothing could be sent.
            let _permit = self.permits.acquire().await.map_err(text)?;
            let response = self.send(&request).await?;
            let status = response.status();
            if !status.is_success() {
                return Err(VacancyUnavailable(format!("the answer was {status}")));
            }
            response.json().await.map_err(text)
        };
        let late = |_| VacancyUnavailable(format!("no answer within {:?}", self.settings.timeout));
        tokio::time::timeout(self.settings.timeout, whole).await.map_err(late)?
    }

    async fn send(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<Response, VacancyUnavailable> {
        let correlation = Correlation::current();
        let mut attempt = 1;
        loop {
            let mut request = request(&self.client).header("x-request-id", &correlation.id);
            if let Some(traceparent) = &correlation.traceparent {
                request = request.header(TRACEPARENT, traceparent);
            }
            if let Some(secret) = &self.secret {
                request = request.header(GATEWAY_SECRET, secret);
            }
            match request.send().await {
                Err(error) if attempt < ATTEMPTS && !error.is_builder() => attempt += 1,
                outcome => return outcome.map_err(text),
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.settings.url)
    }
}

#[async_trait]
impl VacancyClient for RemoteVacancy {
    async fn reserve(&self, id: TicketId, qty: Quantity) -> Result<Reservation, VacancyUnavailable> {
        let (url, body) = (self.url("reserve"), ReserveBody { qty: qty.get(), reservation_id: id.to_string() });
        let stock: StockBody = self.call(|client| client.post(&url).json(&body)).await?;
        let verdict = if stock.success { Verdict::Granted } else { Verdict::Refused };
        Ok(Reservation { verdict, remaining: stock.remaining })
    }

    async fn release(&self, id: TicketId) -> Result<(), VacancyUnavailable> {
        let (url, body) = (self.url("release"), ReleaseBody { reservation_id: id.to_string() });
        let _: StockBody = self.call(|client| client.post(&url).json(&body)).await?;
        Ok(())
    }

    async fn available(&self) -> Result<i64, VacancyUnavailable> {
        let url = self.url("available");
        let available: AvailableBody = self.call(|client| client.get(&url)).await?;
        Ok(available.qty)
    }
}

/// The whole chain of causes: the first alone says "error sending request".
fn text(error: impl std::error::Error) -> VacancyUnavailable {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    VacancyUnavailable(text)
}

#[cfg(test)]
mod tests;
