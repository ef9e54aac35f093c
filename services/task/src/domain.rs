//! Values and rules. Plain: no async, no HTTP, no SQL, no serialisation, no clock.
//!
//! A value that exists is valid: it was parsed at the edge.

pub mod category;
pub mod ids;
pub mod task;
pub mod text;

pub use category::Category;
pub use ids::{CategoryId, OwnerId, TaskId};
pub use task::{Details, Task};
pub use text::{CategoryName, Description, InvalidText, Title};
