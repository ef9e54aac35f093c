//! A category: what its owner groups tasks by.

use super::{CategoryId, CategoryName, OwnerId};

/// A category. It is made and deleted, and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Whose it is.
    pub owner: OwnerId,
    /// What it is called; no two of an owner's categories have the same name.
    pub name: CategoryName,
}
