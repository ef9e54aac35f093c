//! A transaction: each of its statements is one, whatever the size of the batch.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::clock::{Clock, SystemClock};
use kit::correlation::Correlation;
use kit::database::{self, Row};
use kit::idempotency::{self, Answer, Earlier, IdempotencyKey};
use kit::{outbox, sql};
use sqlx::{AssertSqlSafe, Row as _};

use super::failed;
use crate::application::ports::{StoreError, Transaction};
use crate::domain::{Reservation, ReservationId, State, Stock};

/// The last instant, in milliseconds since 1970, that a UUIDv7 can tell.
const MAX_INSTANT: i64 = (1 << 48) - 1;

pub(super) struct SqlTransaction(pub(super) database::Transaction);

#[async_trait]
impl Transaction for SqlTransaction {
    async fn stock(&mut self) -> Result<Stock, StoreError> {
        let statement =
            format!("SELECT available, total, forgotten_before FROM stock WHERE id = 1{}", self.0.for_update());
        let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(&mut *self.0).await.map_err(failed)?;
        let stock = |row: &Row| {
            Ok(Stock {
                available: row.try_get("available")?,
                total: row.try_get("total")?,
                forgotten_before: row.try_get("forgotten_before")?,
            })
        };
        stock(&row).map_err(failed)
    }

    async fn reservations(&mut self, ids: &[&ReservationId]) -> Result<Vec<Reservation>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // The lock on the stock is theirs too: nothing writes them without it.
        let list = sql::rows(&self.0, 1, ids.len());
        let statement = format!("SELECT id, qty, state, remaining FROM reservations WHERE id IN {list}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(id.as_str().to_owned());
        }
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter().map(reservation).collect()
    }

    async fn old(
        &mut self,
        instant: Timestamp,
        after: Option<&ReservationId>,
        limit: i64,
    ) -> Result<Vec<Reservation>, StoreError> {
        // UUIDv7 are in the order of their instants, as numbers and as texts.
        let instant = instant.as_millisecond().clamp(0, MAX_INSTANT);
        let first_after = format!("{:08x}-{:04x}-7", instant >> 16, instant & 0xffff);
        let query = sqlx::query(
            "SELECT id, qty, state, remaining FROM reservations
                WHERE id > $1 AND id < $2 AND id LIKE '________-____-7___-____-____________' AND updated_at < $3
                ORDER BY id LIMIT $4",
        );
        let after = after.map(|id| id.as_str().to_owned()).unwrap_or_default();
        let query = query.bind(after).bind(first_after).bind(instant).bind(limit);
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter().map(reservation).collect()
    }

    async fn remove(&mut self, ids: &[ReservationId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let statement = format!("DELETE FROM reservations WHERE id IN {}", sql::rows(&self.0, 1, ids.len()));
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(id.as_str().to_owned());
        }
        query.execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn save_stock(&mut self, stock: Stock) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE stock SET available = $1, total = $2, forgotten_before = $3 WHERE id = 1");
        let query = query.bind(stock.available).bind(stock.total).bind(stock.forgotten_before);
        query.execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn save_reservations(&mut self, reservations: &[Reservation]) -> Result<(), StoreError> {
        if reservations.is_empty() {
            return Ok(());
        }
        let now = SystemClock.now().as_millisecond();
        let rows = sql::rows(&self.0, reservations.len(), 5);
        let statement = format!(
            "INSERT INTO reservations (id, qty, state, remaining, updated_at) VALUES {rows}
             ON CONFLICT (id) DO UPDATE SET qty = excluded.qty, state = excluded.state,
                 remaining = excluded.remaining, updated_at = excluded.updated_at"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for one in reservations {
            query = query
                .bind(one.id.as_str().to_owned())
                .bind(one.qty)
                .bind(name(one.state).to_owned())
                .bind(one.remaining)
                .bind(now);
        }
        query.execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn earlier(&mut self, key: &IdempotencyKey) -> Result<Option<Earlier>, StoreError> {
        idempotency::earlier(&mut self.0, key).await.map_err(failed)
    }

    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Result<(), StoreError> {
        idempotency::remember(&mut self.0, key, answer).await.map_err(failed)
    }

    async fn publish(&mut self, events: &[(Draft, Correlation)]) -> Result<(), StoreError> {
        let messages: Vec<_> =
            events.iter().map(|(draft, correlation)| outbox::message("vacancy", draft, correlation)).collect();
        outbox::append(&mut self.0, &messages).await.map_err(failed)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await.map_err(failed)
    }
}

fn reservation(row: &Row) -> Result<Reservation, StoreError> {
    let broken = |what: &str| StoreError::Failed(format!("a stored reservation has no {what}"));
    let id: String = row.try_get("id").map_err(failed)?;
    let state: String = row.try_get("state").map_err(failed)?;
    Ok(Reservation {
        id: ReservationId::parse(id).map_err(|_| broken("id"))?,
        qty: row.try_get("qty").map_err(failed)?,
        state: parse(&state).ok_or_else(|| broken("state"))?,
        remaining: row.try_get("remaining").map_err(failed)?,
    })
}

fn name(state: State) -> &'static str {
    match state {
        State::Held => "held",
        State::Refused => "refused",
        State::Released => "released",
    }
}

fn parse(name: &str) -> Option<State> {
    [State::Held, State::Refused, State::Released].into_iter().find(|state| self::name(*state) == name)
}
