//! What things are known by.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A task's id, a UUIDv7: later tasks have greater ones.
    TaskId
}
id! {
    /// A category's id, a UUIDv7: later categories have greater ones.
    CategoryId
}
id! {
    /// The user to whom tasks and categories belong. The user service makes these; here nothing more
    /// is known of users.
    OwnerId
}
