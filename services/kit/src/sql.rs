//! Statements of many rows.

use std::fmt::Write;

use crate::database::{Connection, Dialect};

/// The placeholders of `rows` rows of `columns` columns, which take the first values that are bound: one
/// statement for many rows is what makes a batch cheap.
///
/// They are `($1,$2),($3,$4)` on PostgreSQL, and `(?,?),(?,?)` on SQLite, which looks a name up among all
/// that came before it, so that a thousand of them would cost more than what the statement does. Of other
/// values, `$n` goes on behind them.
pub fn rows(on: &Connection, rows: usize, columns: usize) -> String {
    placeholders(Dialect::of(on), rows, columns)
}

fn placeholders(dialect: Dialect, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            text.push_str(if column == 0 { "" } else { "," });
            match dialect {
                Dialect::Sqlite => text.push('?'),
                Dialect::Postgres => {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "${}", row * columns + column + 1);
                }
            }
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_the_first_values() {
        assert_eq!(placeholders(Dialect::Postgres, 2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(placeholders(Dialect::Sqlite, 2, 3), "(?,?,?),(?,?,?)");
        assert_eq!(placeholders(Dialect::Postgres, 1, 1), "($1)");
    }

    #[tokio::test]
    async fn another_value_goes_on_behind_them() {
        let test = crate::testing::TestDatabase::sqlite();
        let database = test.open().await;
        let mut connection = database.read().await.unwrap();
        let statement = format!("SELECT $3 WHERE 'b' IN {}", rows(&connection, 1, 2));
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).bind("a").bind("b").bind("c");
        assert_eq!(query.fetch_one(&mut *connection).await.ok(), Some("c".to_owned()));
    }
}
