//! What requests and answers hold, and the parsing of the one into the domain's values.

use jiff::Timestamp;
use kit::Problem;
use kit::problem::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Category, CategoryId, CategoryName, Description, Details, Task, Title};

/// What the owner writes of a task.
///
/// Every field is optional to the parser, so that all that are at fault are told at once.
#[derive(Deserialize, ToSchema)]
pub(super) struct TaskFields {
    /// What is to be done: one line.
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    title: Option<String>,
    /// What is to be said of it; nothing unless given.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// One of your categories; none unless given.
    #[schema(value_type = Option<Uuid>)]
    category_id: Option<String>,
}

/// What the owner writes of a category.
#[derive(Deserialize, ToSchema)]
pub(super) struct CategoryFields {
    /// What it is called: one line, other than your other categories' names.
    #[schema(required, value_type = String, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(super) struct TaskBody {
    id: Uuid,
    title: String,
    description: String,
    #[schema(required)]
    category_id: Option<Uuid>,
    completed: bool,
    /// When it was completed, if it is.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A category.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub(super) struct CategoryBody {
    id: Uuid,
    name: String,
}

impl TaskFields {
    pub(super) fn parse(self) -> Result<Details, Problem> {
        let mut errors = Vec::new();
        let title = required("title", self.title, &mut errors, |text| Title::parse(&text));
        let description = self.description.unwrap_or_default();
        let description = accepted("description", Description::parse(description), &mut errors);
        let category = self.category_id.map(|text| Uuid::try_parse(&text)).transpose();
        let category = category.map_err(|_| "must be a UUID, or null");
        let category = accepted("category_id", category, &mut errors);
        match (title, description, category) {
            (Some(title), Some(description), Some(category)) => {
                Ok(Details { title, description, category: category.map(CategoryId) })
            }
            _ => Err(Problem::validation(errors)),
        }
    }
}

impl CategoryFields {
    pub(super) fn parse(self) -> Result<CategoryName, Problem> {
        let mut errors = Vec::new();
        let name = required("name", self.name, &mut errors, |text| CategoryName::parse(&text));
        name.ok_or_else(|| Problem::validation(errors))
    }
}

impl From<&Task> for TaskBody {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id.0,
            title: task.details.title.as_str().to_owned(),
            description: task.details.description.as_str().to_owned(),
            category_id: task.details.category.map(|category| category.0),
            completed: task.completed_at.is_some(),
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

impl From<&Category> for CategoryBody {
    fn from(category: &Category) -> Self {
        Self { id: category.id.0, name: category.name.as_str().to_owned() }
    }
}

/// A field that has to be there and to parse; what is wrong is added to `errors`.
fn required<T, E: std::fmt::Display>(
    name: &'static str,
    value: Option<String>,
    errors: &mut Vec<FieldError>,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> Option<T> {
    match value {
        Some(value) => accepted(name, parse(value), errors),
        None => accepted(name, Err("is required"), errors),
    }
}

fn accepted<T, E: std::fmt::Display>(
    name: &'static str,
    parsed: Result<T, E>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    parsed.map_err(|error| errors.push(FieldError::new(name, error))).ok()
}
