//! Durable purchases a second with both services in one process, without HTTP: what the sagas and the
//! databases take. `cargo run --release -p ticket --example purchases -- [CALLERS] [SECONDS]`
#![expect(clippy::unwrap_used, reason = "a measurement has nobody to answer to")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::StatusCode;
use kit::bus::{Bus, MemoryBus};
use kit::idempotency::{Answer, Once};
use kit::serve::Running;
use kit::settings::{Reader, Source};
use kit::{SystemClock, testing};
use ticket::application::ports::{Reservation, VacancyClient, VacancyUnavailable};
use ticket::domain::{BuyerId, Quantity, TicketId, Verdict};
use tokio::task::JoinSet;
use vacancy::application::{Application, Error};
use vacancy::domain::ReservationId;

struct Local(Arc<Application>);

#[async_trait]
impl VacancyClient for Local {
    async fn reserve(&self, id: TicketId, qty: Quantity) -> Result<Reservation, VacancyUnavailable> {
        let qty = vacancy::domain::Quantity::parse(qty.get()).unwrap();
        let outcome = self.0.reserve(reservation(id), qty).await.map_err(unavailable)?;
        let granted = outcome.verdict == vacancy::domain::Verdict::Reserved;
        let verdict = if granted { Verdict::Granted } else { Verdict::Refused };
        Ok(Reservation { verdict, remaining: outcome.remaining })
    }

    async fn release(&self, id: TicketId) -> Result<(), VacancyUnavailable> {
        self.0.release(reservation(id)).await.map(drop).map_err(unavailable)
    }

    async fn available(&self) -> Result<i64, VacancyUnavailable> {
        self.0.available().await.map_err(unavailable)
    }
}

fn reservation(id: TicketId) -> ReservationId {
    ReservationId::parse(id.to_string()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unavailable(error: Error) -> VacancyUnavailable {
    VacancyUnavailable(error.to_string())
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (callers, seconds) = (arguments.next().unwrap_or(1_000), arguments.next().unwrap_or(10));
    let folder = tempfile::tempdir_in(".").unwrap();
    let bus = Bus::Memory(MemoryBus::default());
    let mut reader = Reader::new(Source::from_pairs([("INITIAL_STOCK", "1000000000000")]));

    let context = testing::context(vacancy::ABOUT, folder.path(), bus.clone());
    let settings = vacancy::Settings::read(&mut reader);
    let (module, stock) = vacancy::build_with_handle(settings, context.clone()).await.unwrap();
    let vacancy = Running::start(module, &context);
    let context = testing::context(ticket::ABOUT, folder.path(), bus);
    let (settings, client) = (ticket::Settings::read(&mut reader), Arc::new(Local(stock)));
    let built = ticket::build_at(settings, context.clone(), client, Arc::new(SystemClock)).await;
    let (module, tickets) = built.unwrap();
    let running = Running::start(module, &context);

    let bought = Arc::new(AtomicU64::new(0));
    let (start, time) = (Instant::now(), Duration::from_secs(seconds));
    let mut buying = JoinSet::new();
    for _ in 0..callers {
        let (tickets, bought) = (Arc::clone(&tickets), Arc::clone(&bought));
        buying.spawn(async move {
            let buyer = BuyerId(uuid::Uuid::now_v7());
            while start.elapsed() < time {
                let once = Once::unkeyed(|_| Answer::json(StatusCode::OK, &"made"));
                tickets.purchase(buyer, Quantity::parse(1).unwrap(), once).await.unwrap();
                bought.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    buying.join_all().await;
    let (bought, took) = (bought.load(Ordering::Relaxed), start.elapsed().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a rate for a person")]
    let rate = bought as f64 / took;
    println!("{bought} purchases of {callers} callers in {took:.1} s: {rate:.0} a second");
    running.stop().await;
    vacancy.stop().await;
}
