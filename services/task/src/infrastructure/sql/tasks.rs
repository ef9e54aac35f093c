//! The table `tasks`.

use jiff::Timestamp;
use kit::database::{Connection, Row};
use kit::paging::PageRequest;
use sqlx::{AssertSqlSafe, Row as _};

use super::{after, corrupt, failed, id, instant};
use crate::application::ports::{Stored, TaskFilter};
use crate::domain::{CategoryId, Description, Details, OwnerId, Task, TaskId, Title};

const COLUMNS: &str = "id, owner_id, title, description, category_id, completed_at, created_at, updated_at, version";

/// The owner's task; `lock` ends the statement.
pub(super) async fn find(on: &mut Connection, owner: OwnerId, task: TaskId, lock: &str) -> Stored<Option<Task>> {
    let statement = format!("SELECT {COLUMNS} FROM tasks WHERE owner_id = $1 AND id = $2{lock}");
    let query = sqlx::query(AssertSqlSafe(statement)).bind(owner.to_string()).bind(task.to_string());
    let row = query.fetch_optional(on).await.map_err(failed)?;
    row.as_ref().map(parse).transpose()
}

pub(super) async fn list(
    on: &mut Connection,
    owner: OwnerId,
    filter: TaskFilter,
    page: PageRequest,
) -> Stored<Vec<Task>> {
    let completed = match filter.completed {
        None => "",
        Some(true) => " AND completed_at IS NOT NULL",
        Some(false) => " AND completed_at IS NULL",
    };
    let category = if filter.category.is_some() { " AND category_id = $4" } else { "" };
    let statement = format!(
        "SELECT {COLUMNS} FROM tasks WHERE owner_id = $1 AND id > $2{completed}{category} ORDER BY id LIMIT $3"
    );
    let mut query =
        sqlx::query(AssertSqlSafe(statement)).bind(owner.to_string()).bind(after(page)).bind(i64::from(page.fetch()));
    if let Some(category) = filter.category {
        query = query.bind(category.to_string());
    }
    let rows = query.fetch_all(on).await.map_err(failed)?;
    rows.iter().map(parse).collect()
}

pub(super) async fn insert(on: &mut Connection, task: &Task) -> Stored<()> {
    let statement = format!("INSERT INTO tasks ({COLUMNS}) VALUES {}", kit::sql::rows(on, 1, 9));
    let query = sqlx::query(AssertSqlSafe(statement))
        .bind(task.id.to_string())
        .bind(task.owner.to_string())
        .bind(task.details.title.as_str().to_owned())
        .bind(task.details.description.as_str().to_owned())
        .bind(task.details.category.map(|category| category.to_string()))
        .bind(task.completed_at.map(Timestamp::as_millisecond))
        .bind(task.created_at.as_millisecond())
        .bind(task.updated_at.as_millisecond())
        .bind(task.version);
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn update(on: &mut Connection, task: &Task) -> Stored<()> {
    let query = sqlx::query(
        "UPDATE tasks SET
            title = $2, description = $3, category_id = $4, completed_at = $5, updated_at = $6, version = $7
         WHERE id = $1",
    );
    let query = query
        .bind(task.id.to_string())
        .bind(task.details.title.as_str().to_owned())
        .bind(task.details.description.as_str().to_owned())
        .bind(task.details.category.map(|category| category.to_string()))
        .bind(task.completed_at.map(Timestamp::as_millisecond))
        .bind(task.updated_at.as_millisecond())
        .bind(task.version);
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn delete(on: &mut Connection, task: TaskId) -> Stored<()> {
    let query = sqlx::query("DELETE FROM tasks WHERE id = $1").bind(task.to_string());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

/// Takes up to `limit` tasks out of a category.
pub(super) async fn take_out(
    on: &mut Connection,
    category: CategoryId,
    at: Timestamp,
    limit: u32,
) -> Stored<Vec<(TaskId, Title)>> {
    // The category is asked twice: PostgreSQL waits for a row that another transaction changes and then
    // looks at the row alone again, not at the selection, and the task may have got another category.
    let query = sqlx::query(
        "UPDATE tasks SET category_id = NULL, updated_at = $2, version = version + 1
         WHERE category_id = $1 AND id IN (SELECT id FROM tasks WHERE category_id = $1 ORDER BY id LIMIT $3)
         RETURNING id, title",
    );
    let query = query.bind(category.to_string()).bind(at.as_millisecond()).bind(i64::from(limit));
    let rows = query.fetch_all(on).await.map_err(failed)?;
    let parse = |row: &Row| Ok((TaskId(id("tasks.id", &text(row, "id")?)?), title(row)?));
    rows.iter().map(parse).collect()
}

fn parse(row: &Row) -> Stored<Task> {
    let category: Option<String> = row.try_get("category_id").map_err(failed)?;
    let completed_at: Option<i64> = row.try_get("completed_at").map_err(failed)?;
    let number = |column| row.try_get::<i64, _>(column).map_err(failed);
    let description = Description::parse(text(row, "description")?).map_err(|_| corrupt("tasks.description"))?;
    let category = category.map(|text| id("tasks.category_id", &text).map(CategoryId)).transpose()?;
    Ok(Task {
        id: TaskId(id("tasks.id", &text(row, "id")?)?),
        owner: OwnerId(id("tasks.owner_id", &text(row, "owner_id")?)?),
        details: Details { title: title(row)?, description, category },
        completed_at: completed_at.map(|at| instant("tasks.completed_at", at)).transpose()?,
        created_at: instant("tasks.created_at", number("created_at")?)?,
        updated_at: instant("tasks.updated_at", number("updated_at")?)?,
        version: number("version")?,
    })
}

fn title(row: &Row) -> Stored<Title> {
    Title::parse(&text(row, "title")?).map_err(|_| corrupt("tasks.title"))
}

fn text(row: &Row, column: &str) -> Stored<String> {
    row.try_get(column).map_err(failed)
}
