//! The table `recipients`.

use std::collections::HashMap;

use kit::database::Connection;
use kit::sql::rows;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::{corrupt, failed};
use crate::application::ports::{Address, Stored};
use crate::domain::{Email, UserId};

/// Rows or ids in one statement.
const AT_ONCE: usize = 1_000;

pub(super) async fn save(on: &mut Connection, addresses: &[Address]) -> Stored<()> {
    let mut addresses: Vec<_> = addresses.iter().collect();
    // Two transactions that write the same rows must not wait for one another crosswise.
    addresses.sort_unstable_by_key(|address| address.user);
    for some in addresses.chunks(AT_ONCE) {
        let values = rows(on, some.len(), 3);
        let statement = format!(
            "INSERT INTO recipients (user_id, email, as_of) VALUES {values}
             ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, as_of = excluded.as_of
             WHERE recipients.as_of <= excluded.as_of"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for Address { user, email, as_of } in some {
            query = query.bind(user.to_string()).bind(email.as_str().to_owned()).bind(as_of.as_millisecond());
        }
        query.execute(&mut *on).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn of(on: &mut Connection, users: &[UserId]) -> Stored<HashMap<UserId, Email>> {
    let mut found = HashMap::with_capacity(users.len());
    for some in users.chunks(AT_ONCE) {
        let ids = rows(on, 1, some.len());
        let statement = format!("SELECT user_id, email FROM recipients WHERE user_id IN {ids}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for user in some {
            query = query.bind(user.to_string());
        }
        for row in query.fetch_all(&mut *on).await.map_err(failed)? {
            let user: String = row.try_get("user_id").map_err(failed)?;
            let email: String = row.try_get("email").map_err(failed)?;
            let user = Uuid::parse_str(&user).map_err(|_| corrupt("user_id"))?;
            found.insert(UserId(user), Email::parse(&email).map_err(|_| corrupt("email"))?);
        }
    }
    Ok(found)
}
