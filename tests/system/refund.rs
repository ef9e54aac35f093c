//! The way back: places that are reserved for a purchase which never came to its end.
//!
//! The ticket service is killed between the reservation and the confirmation. To be there in time, the test holds
//! the databases' turns to write, as another process may.
use std::thread;

use e2e::eventually;
use kit::database::{Database, DatabaseSettings, Transaction};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::{api::Caller, support::System};

/// A database of the system, from outside.
struct Outside {
    runtime: Runtime,
    database: Database,
}

impl Outside {
    fn of(system: &System, service: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settings = DatabaseSettings::at(system.data().join(format!("{service}.db")));
        let database = runtime.block_on(Database::open(&settings)).expect("SQLite takes several processes");
        Self { runtime, database }
    }

    /// The right to write, which the service has not meanwhile.
    fn hold(&self) -> Transaction {
        self.runtime.block_on(self.database.write()).expect("a turn at the database")
    }

    fn release(&self, turn: Transaction) {
        self.runtime.block_on(turn.commit()).expect("nothing was written");
    }

    /// How many purchases were begun and not decided.
    fn pending(&self) -> i64 {
        self.runtime.block_on(async {
            let mut connection = self.database.read().await.expect("a reader");
            let query = sqlx::query_scalar("SELECT count(*) FROM purchases WHERE status = 'pending'");
            query.fetch_one(&mut *connection).await.expect("a number")
        })
    }
}

/// `buyer` buys the last place; ticket dies once the place is reserved, and before that is confirmed. The place comes
/// back by itself, nobody is told of a ticket, and asking again with the same key buys it once.
pub(crate) fn refund(system: &mut System, buyer: &Caller) {
    let (vacancy, ticket) = (Outside::of(system, "vacancy"), Outside::of(system, "ticket"));
    let place = json!({ "qty": 1 });
    let left = |caller: &Caller| caller.get("/api/v1/available").json()["qty"].as_i64();
    assert_eq!(left(buyer), Some(1));
    let told = buyer.notifications();

    let vacancys_turn = vacancy.hold();
    let first = thread::spawn({
        let (buyer, place) = (buyer.clone(), place.clone());
        move || buyer.try_post("/api/v1/purchase", &place, Some("refund"))
    });
    eventually("the purchase is begun", || (ticket.pending() == 1).then_some(()));
    let tickets_turn = ticket.hold();
    vacancy.release(vacancys_turn);
    eventually("the place is reserved", || (left(buyer) == Some(0)).then_some(()));
    system.kill("ticket");
    ticket.release(tickets_turn);
    if let Some(answer) = first.join().expect("the buyer goes on") {
        assert!(answer.status() >= 500, "{}", answer.text());
    }

    system.revive("ticket");
    eventually("the place comes back", || (left(buyer) == Some(1)).then_some(()));
    assert_eq!(buyer.notifications(), told, "there is no ticket to tell of");
    let again = eventually("ticket is reachable", || {
        let answer = buyer.try_post("/api/v1/purchase", &place, Some("refund"))?;
        (answer.status() < 500).then_some(answer)
    });
    assert_eq!((&again.json()["success"], &again.json()["remaining"]), (&json!(true), &json!(0)), "{}", again.text());
    eventually("one ticket is told of", || (buyer.notifications().len() == told.len() + 1).then_some(()));
}
