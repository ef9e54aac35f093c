//! What the user service tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Event;

/// Where it tells it.
pub const TOPIC: &str = "user.events";

/// Someone registered.
///
/// Version 1 called the name `full_name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCreated {
    /// The new user.
    pub user_id: Uuid,
    /// As it was written.
    pub email: String,
    /// What the user is called.
    pub name: String,
}

impl Event for UserCreated {
    const TYPE: &'static str = "UserCreated";
    const TOPIC: &'static str = TOPIC;
    const VERSION: u32 = 2;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> String {
        self.user_id.to_string()
    }

    fn upcast(version: u32, mut data: Value) -> Value {
        if version == 1
            && let Some(fields) = data.as_object_mut()
            && let Some(name) = fields.remove("full_name")
        {
            fields.insert("name".to_owned(), name);
        }
        data
    }
}

/// A user's name or e-mail changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUpdated {
    /// The user.
    pub user_id: Uuid,
    /// The e-mail as it is now.
    pub email: String,
    /// The name as it is now.
    pub name: String,
}

impl Event for UserUpdated {
    const TYPE: &'static str = "UserUpdated";
    const TOPIC: &'static str = TOPIC;
    const AGGREGATE: &'static str = "user";

    fn aggregate_id(&self) -> String {
        self.user_id.to_string()
    }
}
