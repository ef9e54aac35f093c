//! A task and what can happen to it.

use jiff::Timestamp;

use super::{CategoryId, Description, OwnerId, TaskId, Title};

/// What the owner writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What is to be done.
    pub title: Title,
    /// What is to be said of it.
    pub description: Description,
    /// One of the owner's categories.
    pub category: Option<CategoryId>,
}

/// Something that its owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose it is. Nobody else learns that it exists.
    pub owner: OwnerId,
    /// What the owner wrote.
    pub details: Details,
    /// When it was completed; `None` while it is to be done. Once set it stays.
    pub completed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// [`Task::FIRST_VERSION`], and one more with each change.
    pub version: i64,
}

impl Task {
    /// The version of a task that never changed.
    pub const FIRST_VERSION: i64 = 1;

    /// A new task, to be done.
    pub fn new(id: TaskId, owner: OwnerId, details: Details, now: Timestamp) -> Self {
        let version = Self::FIRST_VERSION;
        Self { id, owner, details, completed_at: None, created_at: now, updated_at: now, version }
    }

    /// Replaces what the owner wrote. `false` when it already was so: then nothing changed, and there
    /// is nothing to tell.
    pub fn revise(&mut self, details: Details, now: Timestamp) -> bool {
        let changes = self.details != details;
        if changes {
            self.details = details;
            self.touch(now);
        }
        changes
    }

    /// Marks it as done. `false` when it already was: the first completion is the one that counts.
    pub fn complete(&mut self, now: Timestamp) -> bool {
        let changes = self.completed_at.is_none();
        if changes {
            self.completed_at = Some(now);
            self.touch(now);
        }
        changes
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn details(title: &str) -> Details {
        Details { title: Title::parse(title).unwrap(), description: Description::default(), category: None }
    }

    fn task() -> Task {
        Task::new(TaskId(Uuid::now_v7()), OwnerId(Uuid::now_v7()), details("a"), at(1))
    }

    #[test]
    fn it_is_completed_once() {
        let mut task = task();
        assert!(task.complete(at(2)));
        let first = task.clone();
        assert_eq!((first.completed_at, first.updated_at, first.version), (Some(at(2)), at(2), 2));
        assert!(!task.complete(at(3)));
        assert_eq!(task, first);
    }

    #[test]
    fn a_revision_that_changes_nothing_is_none() {
        let mut task = task();
        let before = task.clone();
        assert!(!task.revise(details("a"), at(2)));
        assert_eq!(task, before);
        assert!(task.revise(details("b"), at(2)));
        assert_eq!((task.updated_at, task.created_at, task.version), (at(2), at(1), 2));
    }

    #[test]
    fn a_revision_leaves_a_task_completed() {
        let mut task = task();
        task.complete(at(2));
        task.revise(details("b"), at(3));
        assert_eq!(task.completed_at, Some(at(2)));
    }
}
