//! A transaction: each of its statements is one, whatever the size of the batch.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::database;
use kit::idempotency::{self, Answer, Earlier, IdempotencyKey};
use kit::{outbox, sql};
use sqlx::{AssertSqlSafe, Row as _};

use super::failed;
use super::rows::{COLUMNS, name, purchase};
use crate::application::ports::{PendingUnderKey, StoreError, Transaction};
use crate::domain::{Purchase, Status, TicketId};

pub(super) struct SqlTransaction(pub(super) database::Transaction);

#[async_trait]
impl Transaction for SqlTransaction {
    async fn earlier(&mut self, keys: &[&IdempotencyKey]) -> Result<Vec<Option<Earlier>>, StoreError> {
        idempotency::earlier_all(&mut self.0, keys).await.map_err(failed)
    }

    async fn pending(&mut self, keys: &[&IdempotencyKey]) -> Result<Vec<PendingUnderKey>, StoreError> {
        let mut ids: Vec<&str> = keys.iter().map(|key| key.id()).collect();
        // In one order everywhere, or two batches with the same keys would wait for one another for ever.
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        for id in &ids {
            self.0.lock(id).await.map_err(failed)?;
        }
        let list = sql::rows(&self.0, 1, ids.len());
        let statement = format!(
            "SELECT {COLUMNS}, key_id, key_fingerprint FROM purchases
                WHERE status = 'pending' AND key_id IS NOT NULL AND key_id IN {list}"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(id.to_owned());
        }
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        let pending = rows.iter().map(|row| {
            Ok(PendingUnderKey {
                key: row.try_get("key_id").map_err(failed)?,
                fingerprint: row.try_get("key_fingerprint").map_err(failed)?,
                purchase: purchase(row)?,
            })
        });
        pending.collect()
    }

    async fn insert(&mut self, purchases: &[(Purchase, Option<IdempotencyKey>)]) -> Result<(), StoreError> {
        let rows = sql::rows(&self.0, purchases.len(), 10);
        let statement = format!(
            "INSERT INTO purchases (id, buyer_id, qty, status, open, key_id, key_fingerprint, expires_at,
                created_at, updated_at) VALUES {rows}"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (purchase, key) in purchases {
            query = query
                .bind(purchase.id.to_string())
                .bind(purchase.buyer.0.to_string())
                .bind(purchase.qty.get())
                .bind(name(purchase.status).to_owned())
                .bind(1_i64)
                .bind(key.as_ref().map(|key| key.id().to_owned()))
                .bind(key.as_ref().map(|key| key.fingerprint().to_owned()))
                .bind(purchase.expires_at.as_millisecond())
                .bind(purchase.created_at.as_millisecond())
                .bind(purchase.created_at.as_millisecond());
        }
        query.execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn purchases(&mut self, ids: &[TicketId]) -> Result<Vec<Purchase>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (list, for_update) = (sql::rows(&self.0, 1, ids.len()), self.0.for_update());
        let statement = format!("SELECT {COLUMNS} FROM purchases WHERE id IN {list} ORDER BY id{for_update}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(id.to_string());
        }
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter().map(purchase).collect()
    }

    async fn decide(&mut self, ids: &[TicketId], status: Status, now: Timestamp) -> Result<(), StoreError> {
        let open = i64::from(status == Status::Cancelled);
        let set = format!("status = '{}', open = {open}", name(status));
        self.update(&set, "status = 'pending'", ids, now).await
    }

    async fn settle(&mut self, ids: &[TicketId], now: Timestamp) -> Result<(), StoreError> {
        self.update("open = 0", "status = 'cancelled'", ids, now).await
    }

    async fn remember(&mut self, answers: &[(IdempotencyKey, Answer)]) -> Result<(), StoreError> {
        idempotency::remember_all(&mut self.0, answers).await.map_err(failed)
    }

    async fn publish(&mut self, events: &[(Draft, Correlation)]) -> Result<(), StoreError> {
        let messages: Vec<_> =
            events.iter().map(|(draft, correlation)| outbox::message("ticket", draft, correlation)).collect();
        outbox::append(&mut self.0, &messages).await.map_err(failed)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await.map_err(failed)
    }
}

impl SqlTransaction {
    /// Sets what `set` says where `condition` holds; both are this file's own text.
    async fn update(&mut self, set: &str, condition: &str, ids: &[TicketId], now: Timestamp) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let list = sql::rows(&self.0, 1, ids.len());
        let at = ids.len() + 1;
        let statement = format!("UPDATE purchases SET {set}, updated_at = ${at} WHERE {condition} AND id IN {list}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(id.to_string());
        }
        query.bind(now.as_millisecond()).execute(&mut *self.0).await.map_err(failed)?;
        Ok(())
    }
}
