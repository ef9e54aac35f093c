//! A hundred places, more buyers than places, and processes that die.

use std::collections::HashSet;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::shop::Shop;

fn buyers(shop: &Shop, count: usize) -> JoinSet<Value> {
    (0..count).map(|n| shop.buyer(format!("buyer-{n}"))).collect()
}

/// The tickets that were given out, of which none is there twice.
fn tickets(answers: &[Value]) -> HashSet<&str> {
    let given: Vec<_> = answers.iter().filter_map(|answer| answer["ticket_id"].as_str()).collect();
    let tickets: HashSet<_> = given.iter().copied().collect();
    assert_eq!(tickets.len(), given.len(), "one ticket for two");
    tickets
}

pub(crate) async fn two_hundred_buyers_share_a_hundred_places() {
    let shop = Shop::open();
    let answers = buyers(&shop, 200).join_all().await;
    assert_eq!(tickets(&answers).len(), 100);
    assert!(answers.iter().filter(|answer| answer["success"] == false).all(|answer| answer["remaining"] == 0));
    assert_eq!(shop.settled().await, 100);
    // Without a broker the events wait.
    let reserved = "SELECT count(*) FROM outbox WHERE CAST(value AS TEXT) LIKE '%\"StockReserved\"%'";
    assert_eq!(shop.number("vacancy", reserved).await, 100);
    let purchased = "SELECT count(*) FROM outbox WHERE CAST(value AS TEXT) LIKE '%\"TicketPurchased\"%'";
    assert_eq!(shop.number("ticket", purchased).await, 100);
}

pub(crate) async fn the_stock_is_killed_in_the_middle() {
    let mut shop = Shop::open();
    let buying = buyers(&shop, 200);
    for least in [10, 40] {
        shop.until("some are sold", async |shop| shop.sold().await >= least).await;
        shop.vacancy.kill();
        shop.restart_vacancy();
    }
    let answers = buying.join_all().await;
    let sold = shop.settled().await;
    assert_eq!(i64::try_from(tickets(&answers).len()), Ok(sold), "each ticket is someone's");
    // What was held by purchases that were given up is sold after all.
    let late: JoinSet<_> = (0..100 - sold).map(|n| shop.buyer(format!("late-{n}"))).collect();
    assert!(late.join_all().await.iter().all(|answer| answer["success"] == true));
    assert_eq!(shop.settled().await, 100);
    assert_eq!(shop.buyer("too-late".into()).await["success"], false);
}

pub(crate) async fn the_shop_is_killed_in_the_middle() {
    let mut shop = Shop::open();
    let buying = buyers(&shop, 200);
    for least in [10, 40] {
        shop.until("some are sold", async |shop| shop.sold().await >= least).await;
        shop.ticket.kill();
        shop.restart_ticket();
    }
    let answers = buying.join_all().await;
    let sold = shop.settled().await;
    assert_eq!(i64::try_from(tickets(&answers).len()), Ok(sold), "each ticket is someone's");
    let late: JoinSet<_> = (0..100 - sold).map(|n| shop.buyer(format!("late-{n}"))).collect();
    assert!(late.join_all().await.iter().all(|answer| answer["success"] == true));
    assert_eq!(shop.settled().await, 100);
}

pub(crate) async fn the_shop_is_killed_while_a_purchase_is_pending() {
    let mut shop = Shop::open();
    // The stock hears of it and does not answer.
    shop.vacancy.signal("STOP");
    let mut buying = buyers(&shop, 1);
    shop.until("it is pending", async |shop| {
        shop.number("ticket", "SELECT count(*) FROM purchases WHERE status = 'pending'").await == 1
    })
    .await;
    shop.ticket.kill();
    buying.shutdown().await;
    shop.vacancy.signal("CONT");
    shop.restart_ticket();
    assert_eq!(shop.settled().await, 0, "nobody was told of it");
    assert_eq!(shop.number("ticket", "SELECT count(*) FROM purchases WHERE status = 'cancelled'").await, 1);
    // The retry under the same key has an answer that stays.
    let answer = shop.buyer("buyer-0".into()).await;
    assert_eq!(answer["success"], true);
    assert_eq!(shop.buyer("buyer-0".into()).await, answer);
    assert_eq!(shop.settled().await, 1);
}
