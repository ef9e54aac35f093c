//! The vacancy service in the same process, as the ticket service calls it.
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use kit::telemetry::span;
use ticket::{
    application::ports::{Reservation, VacancyClient, VacancyUnavailable},
    domain::{Quantity, TicketId, Verdict},
};
use tracing::Instrument;
use vacancy::{
    application::{Application, Error},
    domain::ReservationId,
};

/// A direct call, with the time that a remote one has (`VACANCY_TIMEOUT`).
pub(crate) struct LocalVacancy {
    vacancy: Arc<Application>,
    timeout: Duration,
}

impl LocalVacancy {
    pub(crate) fn new(vacancy: Arc<Application>, timeout: Duration) -> Self {
        Self { vacancy, timeout }
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, VacancyUnavailable> {
        match tokio::time::timeout(self.timeout, call.instrument(span("vacancy"))).await {
            Ok(answer) => answer.map_err(|error| VacancyUnavailable(error.to_string())),
            Err(_) => Err(VacancyUnavailable(format!("no answer within {:?}", self.timeout))),
        }
    }
}

#[async_trait]
impl VacancyClient for LocalVacancy {
    async fn reserve(&self, id: TicketId, qty: Quantity) -> Result<Reservation, VacancyUnavailable> {
        let qty = vacancy::domain::Quantity::parse(qty.get()).map_err(|fault| VacancyUnavailable(fault.to_string()))?;
        let outcome = self.within(self.vacancy.reserve(reservation(id)?, qty)).await?;
        let is_held = outcome.verdict == vacancy::domain::Verdict::Reserved;
        let verdict = if is_held { Verdict::Granted } else { Verdict::Refused };
        Ok(Reservation { verdict, remaining: outcome.remaining })
    }

    async fn release(&self, id: TicketId) -> Result<(), VacancyUnavailable> {
        self.within(self.vacancy.release(reservation(id)?)).await.map(|_| ())
    }

    async fn available(&self) -> Result<i64, VacancyUnavailable> {
        self.within(self.vacancy.available()).await
    }
}

/// The ticket's id is the reservation's, as it is over the network.
fn reservation(id: TicketId) -> Result<ReservationId, VacancyUnavailable> {
    ReservationId::parse(id.to_string()).map_err(|fault| VacancyUnavailable(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use kit::{Context, bus::Bus, settings::Source, testing};

    use super::*;

    async fn local(folder: &std::path::Path, timeout: Duration) -> LocalVacancy {
        let context: Context = testing::context(vacancy::ABOUT, folder, Bus::Disconnected);
        let mut reader = kit::Reader::new(Source::from_pairs([("INITIAL_STOCK", "100")]));
        let settings = vacancy::Settings::read(&mut reader);
        let (_, stock) = vacancy::build_with_handle(settings, context).await.unwrap();
        LocalVacancy::new(stock, timeout)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_local_client_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let client = local(folder.path(), Duration::from_secs(20)).await;
        ticket::testing::vacancy_client_contract(Arc::new(client)).await;
    }

    #[tokio::test]
    async fn a_call_has_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let client = local(folder.path(), Duration::ZERO).await;
        let (id, qty) =
            (TicketId(kit::correlation::Correlation::begin().id.parse().unwrap()), Quantity::parse(1).unwrap());
        let refused = client.reserve(id, qty).await.unwrap_err();
        assert!(refused.to_string().contains("no answer within"), "{refused}");
    }
}
