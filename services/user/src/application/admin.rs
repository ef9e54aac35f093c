//! Command: the administrator of the settings exists.

use super::{Application, Error, Registration, events};
use crate::domain::{Email, Name, Password, Scope};

/// `ADMIN_EMAIL` and `ADMIN_PASSWORD`.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Whom.
    pub email: Email,
    /// With which password, the first time.
    pub password: Password,
}

impl Application {
    /// Makes sure that a user with this e-mail has the scope `admin`; safe to repeat, and for
    /// several instances at once.
    ///
    /// Who has the scope already is left alone, its password too. Anyone else under this e-mail
    /// registered it without being asked: the account is taken over with the given password, and
    /// its sessions end. No event tells of that: neither e-mail nor name is another.
    pub async fn ensure_admin(&self, Admin { email, password }: Admin) -> Result<(), Error> {
        let present = self.store.user_by_email(&email).await?;
        if present.as_ref().is_some_and(|user| user.scope.contains(Scope::ADMIN)) {
            return Ok(());
        }
        let name = Name::parse("Administrator").map_err(|e| Error::Internal(e.to_string()))?;
        let made = self.new_user(Registration { email, name, password }, Scope::admin()).await?;
        let mut transaction = self.store.begin().await?;
        let Some(present) = present else {
            return match transaction.insert_user(&made).await.map_err(Error::from) {
                Ok(()) => {
                    transaction.publish(events::created(&made)).await?;
                    transaction.commit().await?;
                    tracing::info!(user = %made.id, "administrator created");
                    Ok(())
                }
                // Another instance, started at the same moment, was first.
                Err(Error::EmailTaken) => Ok(()),
                Err(error) => Err(error),
            };
        };
        // In the order in which a refresh locks them, its family before its user.
        transaction.revoke_families_of(present.id, made.updated_at).await?;
        let mut user = transaction.user(present.id).await?.ok_or(Error::UserNotFound)?;
        user.scope = made.scope;
        user.password_hash = made.password_hash;
        user.changes(made.updated_at);
        transaction.update_user(&user).await?;
        transaction.commit().await?;
        tracing::warn!(user = %user.id, "ADMIN_EMAIL was registered by someone: taken over");
        Ok(())
    }
}
