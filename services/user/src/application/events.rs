//! What the service tells of its users.

use ::events::Draft;
use ::events::user::{UserCreated, UserUpdated};

use crate::domain::User;

/// The user is new.
pub(super) fn created(user: &User) -> Draft {
    Draft::from(&UserCreated {
        user_id: user.id.0,
        email: user.email.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
    })
}

/// The user's e-mail or name is another.
pub(super) fn updated(user: &User) -> Draft {
    Draft::from(&UserUpdated {
        user_id: user.id.0,
        email: user.email.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
    })
}
