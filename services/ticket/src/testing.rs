//! What every [`VacancyClient`] has to do, by whatever way it reaches the stock.

use std::sync::Arc;

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::application::ports::{Reservation, VacancyClient};
use crate::domain::{Quantity, TicketId, Verdict};

/// Runs the whole contract against `client`, whose stock has 10 to 999,999 places and no other caller.
/// Panics where it does not hold.
pub async fn vacancy_client_contract(client: Arc<dyn VacancyClient>) {
    let whole = available(&client).await;
    assert!((10..Quantity::MAX).contains(&whole), "the contract needs 10 to 999999 places, there are {whole}");
    a_reservation_is_answered_once(&client, whole).await;
    too_few_is_no_error(&client, whole).await;
    a_release_gives_back_once_and_for_good(&client, whole).await;
    one_id_at_once_is_one_reservation(&client, whole).await;
    assert_eq!(available(&client).await, whole, "the contract leaves the stock as it was");
}

async fn a_reservation_is_answered_once(client: &Arc<dyn VacancyClient>, whole: i64) {
    let id = ticket();
    let granted = Reservation { verdict: Verdict::Granted, remaining: whole - 3 };
    assert_eq!(reserve(client, id, 3).await, granted);
    let between = ticket();
    assert_eq!(reserve(client, between, 2).await.remaining, whole - 5);
    assert_eq!(reserve(client, id, 3).await, granted, "asked again it is the same answer");
    assert_eq!(available(client).await, whole - 5, "and reserves nothing more");
    release(client, id).await;
    release(client, between).await;
}

async fn too_few_is_no_error(client: &Arc<dyn VacancyClient>, whole: i64) {
    let refused = Reservation { verdict: Verdict::Refused, remaining: whole };
    let id = ticket();
    assert_eq!(reserve(client, id, whole + 1).await, refused);
    let all = ticket();
    assert_eq!(reserve(client, all, whole).await, Reservation { verdict: Verdict::Granted, remaining: 0 });
    assert_eq!(reserve(client, id, whole + 1).await, refused, "a refusal too is the same again");
    release(client, all).await;
}

async fn a_release_gives_back_once_and_for_good(client: &Arc<dyn VacancyClient>, whole: i64) {
    let id = ticket();
    reserve(client, id, 4).await;
    for _ in 0..2 {
        release(client, id).await;
        assert_eq!(available(client).await, whole);
    }
    assert_eq!(reserve(client, id, 4).await.verdict, Verdict::Refused, "it was given up");
    // Released before its reservation arrives.
    let id = ticket();
    release(client, id).await;
    assert_eq!(reserve(client, id, 4).await.verdict, Verdict::Refused, "it was given up before it came");
    assert_eq!(available(client).await, whole);
}

async fn one_id_at_once_is_one_reservation(client: &Arc<dyn VacancyClient>, whole: i64) {
    let id = ticket();
    let mut asking = JoinSet::new();
    for _ in 0..16 {
        let client = Arc::clone(client);
        asking.spawn(async move { reserve(&client, id, 2).await });
    }
    let granted = Reservation { verdict: Verdict::Granted, remaining: whole - 2 };
    assert!(asking.join_all().await.into_iter().all(|one| one == granted));
    assert_eq!(available(client).await, whole - 2);
    release(client, id).await;
}

fn ticket() -> TicketId {
    TicketId(Uuid::now_v7())
}

async fn reserve(client: &Arc<dyn VacancyClient>, id: TicketId, qty: i64) -> Reservation {
    let qty = Quantity::parse(qty).expect("the contract asks for what may be asked for");
    client.reserve(id, qty).await.expect("the stock answers")
}

async fn release(client: &Arc<dyn VacancyClient>, id: TicketId) {
    client.release(id).await.expect("the stock answers");
}

async fn available(client: &Arc<dyn VacancyClient>) -> i64 {
    client.available().await.expect("the stock answers")
}
