//! The table `users`.

use kit::database::{Connection, Row, Transaction};
use kit::paging::PageRequest;
use sqlx::{AssertSqlSafe, FromRow, Row as _};
use uuid::Uuid;

use super::{corrupt, failed, instant};
use crate::application::ports::Stored;
use crate::domain::{Email, Name, PasswordHash, Scope, User, UserId};

/// A row as it is stored; [`UserRow::parse`] makes the domain's user of it.
struct UserRow {
    id: String,
    email: String,
    name: String,
    password_hash: String,
    scope: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl FromRow<'_, Row> for UserRow {
    fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            password_hash: row.try_get("password_hash")?,
            scope: row.try_get("scope")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            version: row.try_get("version")?,
        })
    }
}

impl UserRow {
    fn parse(self) -> Stored<User> {
        Ok(User {
            id: UserId(Uuid::parse_str(&self.id).map_err(|_| corrupt("users.id"))?),
            email: Email::parse(&self.email).map_err(|_| corrupt("users.email"))?,
            name: Name::parse(&self.name).map_err(|_| corrupt("users.name"))?,
            password_hash: PasswordHash::new(self.password_hash),
            scope: Scope::new(self.scope),
            created_at: instant("users.created_at", self.created_at)?,
            updated_at: instant("users.updated_at", self.updated_at)?,
            version: self.version,
        })
    }
}

pub(super) async fn by_id(on: &mut Connection, id: UserId) -> Stored<Option<User>> {
    let query = sqlx::query_as("SELECT * FROM users WHERE id = $1").bind(id.to_string());
    let row: Option<UserRow> = query.fetch_optional(on).await.map_err(failed)?;
    row.map(UserRow::parse).transpose()
}

/// [`by_id`], and nobody else changes the user until the transaction ends.
pub(super) async fn locked(on: &mut Transaction, id: UserId) -> Stored<Option<User>> {
    let statement = format!("SELECT * FROM users WHERE id = $1{}", on.for_update());
    let query = sqlx::query_as(AssertSqlSafe(statement)).bind(id.to_string());
    let row: Option<UserRow> = query.fetch_optional(&mut **on).await.map_err(failed)?;
    row.map(UserRow::parse).transpose()
}

pub(super) async fn by_email(on: &mut Connection, email: &Email) -> Stored<Option<User>> {
    let query = sqlx::query_as("SELECT * FROM users WHERE email_key = $1").bind(email.key());
    let row: Option<UserRow> = query.fetch_optional(on).await.map_err(failed)?;
    row.map(UserRow::parse).transpose()
}

pub(super) async fn list(on: &mut Connection, page: PageRequest) -> Stored<Vec<User>> {
    // As text, UUIDs sort as their bytes do; the empty text sorts before all.
    let after = page.after.map(|id| id.to_string()).unwrap_or_default();
    let query = sqlx::query_as("SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT $2");
    let query = query.bind(after).bind(i64::from(page.fetch()));
    let rows: Vec<UserRow> = query.fetch_all(on).await.map_err(failed)?;
    rows.into_iter().map(UserRow::parse).collect()
}

pub(super) async fn insert(on: &mut Connection, user: &User) -> Stored<()> {
    let query = sqlx::query(
        "INSERT INTO users
            (id, email, email_key, name, password_hash, scope, created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    );
    let query = query
        .bind(user.id.to_string())
        .bind(user.email.as_str().to_owned())
        .bind(user.email.key())
        .bind(user.name.as_str().to_owned())
        .bind(user.password_hash.expose().to_owned())
        .bind(user.scope.as_str().to_owned())
        .bind(user.created_at.as_millisecond())
        .bind(user.updated_at.as_millisecond())
        .bind(user.version);
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn update(on: &mut Connection, user: &User) -> Stored<()> {
    let query = sqlx::query(
        "UPDATE users SET
            email = $1, email_key = $2, name = $3, password_hash = $4, scope = $5, updated_at = $6, version = $7
         WHERE id = $8",
    );
    let query = query
        .bind(user.email.as_str().to_owned())
        .bind(user.email.key())
        .bind(user.name.as_str().to_owned())
        .bind(user.password_hash.expose().to_owned())
        .bind(user.scope.as_str().to_owned())
        .bind(user.updated_at.as_millisecond())
        .bind(user.version)
        .bind(user.id.to_string());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}
