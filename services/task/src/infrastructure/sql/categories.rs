//! The table `categories`.

use kit::database::{Connection, Row};
use kit::paging::PageRequest;
use sqlx::{AssertSqlSafe, Row as _};

use super::{after, corrupt, failed, id};
use crate::application::ports::Stored;
use crate::domain::{Category, CategoryId, CategoryName, OwnerId};

/// The owner's category; `lock` ends the statement.
pub(super) async fn find(
    on: &mut Connection,
    owner: OwnerId,
    category: CategoryId,
    lock: &str,
) -> Stored<Option<Category>> {
    let statement = format!("SELECT id, owner_id, name FROM categories WHERE owner_id = $1 AND id = $2{lock}");
    let query = sqlx::query(AssertSqlSafe(statement)).bind(owner.to_string()).bind(category.to_string());
    let row = query.fetch_optional(on).await.map_err(failed)?;
    row.as_ref().map(parse).transpose()
}

pub(super) async fn list(on: &mut Connection, owner: OwnerId, page: PageRequest) -> Stored<Vec<Category>> {
    let query =
        sqlx::query("SELECT id, owner_id, name FROM categories WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    let query = query.bind(owner.to_string()).bind(after(page)).bind(i64::from(page.fetch()));
    let rows = query.fetch_all(on).await.map_err(failed)?;
    rows.iter().map(parse).collect()
}

pub(super) async fn insert(on: &mut Connection, category: &Category) -> Stored<()> {
    let query = sqlx::query("INSERT INTO categories (id, owner_id, name) VALUES ($1, $2, $3)");
    let query =
        query.bind(category.id.to_string()).bind(category.owner.to_string()).bind(category.name.as_str().to_owned());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn delete(on: &mut Connection, category: CategoryId) -> Stored<()> {
    let query = sqlx::query("DELETE FROM categories WHERE id = $1").bind(category.to_string());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

fn parse(row: &Row) -> Stored<Category> {
    let text = |column| row.try_get::<String, _>(column).map_err(failed);
    Ok(Category {
        id: CategoryId(id("categories.id", &text("id")?)?),
        owner: OwnerId(id("categories.owner_id", &text("owner_id")?)?),
        name: CategoryName::parse(&text("name")?).map_err(|_| corrupt("categories.name"))?,
    })
}
