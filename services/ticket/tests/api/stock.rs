//! The stock in the same process, as the monolith has it, and ways in which it can be away.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kit::bus::Bus;
use kit::serve::Running;
use kit::settings::{Reader, Source};
use kit::testing;
use ticket::application::ports::{Reservation, VacancyClient, VacancyUnavailable};
use ticket::domain::{Quantity, TicketId, Verdict};
use tokio::sync::Semaphore;
use vacancy::application::Application;
use vacancy::domain::ReservationId;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It does not arrive.
    Away,
    /// It is done, and its answer is lost.
    AnswerLost,
    /// It is done, and its answer never comes.
    Hangs,
}

/// The stock; what is asked of it meets the fault of the moment.
pub(crate) struct Stock {
    pub(crate) application: Arc<Application>,
    fault: Mutex<Fault>,
    /// A permit for each call that hangs.
    pub(crate) hanging: Semaphore,
    pub(crate) running: Running,
}

impl Stock {
    /// The vacancy service with a file in `folder`.
    pub(crate) async fn start(folder: &Path, places: i64, bus: Bus) -> Arc<Self> {
        let mut reader = Reader::new(Source::from_pairs([("INITIAL_STOCK", places.to_string().as_str())]));
        let settings = vacancy::Settings::read(&mut reader);
        let context = testing::context(vacancy::ABOUT, folder, bus);
        let (module, application) = vacancy::build_with_handle(settings, context.clone()).await.unwrap();
        let running = Running::start(module, &context);
        let (fault, hanging) = (Mutex::new(Fault::None), Semaphore::new(0));
        Arc::new(Self { application, fault, hanging, running })
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    async fn meet<T>(&self, done: impl Future<Output = T>) -> Result<T, VacancyUnavailable> {
        let fault = *self.fault.lock().unwrap();
        let unavailable = || VacancyUnavailable(format!("{fault:?}"));
        if fault == Fault::Away {
            return Err(unavailable());
        }
        let done = done.await;
        match fault {
            Fault::AnswerLost => Err(unavailable()),
            Fault::Hangs => {
                self.hanging.add_permits(1);
                std::future::pending().await
            }
            Fault::None | Fault::Away => Ok(done),
        }
    }
}

#[async_trait]
impl VacancyClient for Stock {
    async fn reserve(&self, id: TicketId, qty: Quantity) -> Result<Reservation, VacancyUnavailable> {
        let qty = vacancy::domain::Quantity::parse(qty.get()).unwrap();
        let outcome = self.meet(self.application.reserve(reservation(id), qty)).await?.unwrap();
        let granted = outcome.verdict == vacancy::domain::Verdict::Reserved;
        let verdict = if granted { Verdict::Granted } else { Verdict::Refused };
        Ok(Reservation { verdict, remaining: outcome.remaining })
    }

    async fn release(&self, id: TicketId) -> Result<(), VacancyUnavailable> {
        self.meet(self.application.release(reservation(id))).await?.unwrap();
        Ok(())
    }

    async fn available(&self) -> Result<i64, VacancyUnavailable> {
        Ok(self.meet(self.application.available()).await?.unwrap())
    }
}

fn reservation(id: TicketId) -> ReservationId {
    ReservationId::parse(id.to_string()).unwrap()
}
