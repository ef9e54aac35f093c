//! Which tasks a list holds, as the query string says it.

use kit::Problem;
use kit::paging::{PageQuery, PageRequest};
use kit::problem::FieldError;
use serde::Deserialize;
use uuid::Uuid;

use crate::application::ports::TaskFilter;
use crate::domain::CategoryId;

/// `?completed=&category_id=&limit=&cursor=` as written.
#[derive(Debug, Deserialize)]
pub(super) struct TasksQuery {
    completed: Option<String>,
    category_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

impl TasksQuery {
    /// Checks all; 400 `validation_failed` names each that is wrong. A category that the caller has not
    /// is no fault: no task is in it.
    pub(super) fn parse(&self) -> Result<(TaskFilter, PageRequest), Problem> {
        let mut errors = Vec::new();
        let completed = match self.completed.as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => {
                errors.push(FieldError::new("completed", "must be true or false"));
                None
            }
        };
        let category = self.category_id.as_deref().map(Uuid::try_parse).transpose().unwrap_or_else(|_| {
            errors.push(FieldError::new("category_id", "must be a UUID"));
            None
        });
        let page = self.page.check(&mut errors);
        if !errors.is_empty() {
            return Err(Problem::validation(errors));
        }
        Ok((TaskFilter { completed, category: category.map(CategoryId) }, page))
    }
}
