//! What the task service tells.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Where it tells it.
pub const TOPIC: &str = "task.events";

macro_rules! of_a_task {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The task.
            pub task_id: Uuid,
            /// Whose it is.
            pub owner_id: Uuid,
            /// Its title as it is now.
            pub title: String,
        }

        impl Event for $name {
            const TYPE: &'static str = stringify!($name);
            const TOPIC: &'static str = TOPIC;
            const AGGREGATE: &'static str = "task";

            fn aggregate_id(&self) -> String {
                self.task_id.to_string()
            }
        }
    };
}

of_a_task! {
    /// A task was made.
    TaskCreated
}
of_a_task! {
    /// A task's fields changed.
    TaskUpdated
}
of_a_task! {
    /// A task was completed, which happens once.
    TaskCompleted
}
