//! Command: someone wants someone told.

use kit::correlation::Correlation;
use kit::idempotency::{Done, Earlier, Once};

use super::{Application, Error};
use crate::domain::{Cause, Message, Notification, Recipient, Subject, UserId};

/// What is to be told, and to whom.
#[derive(Debug, Clone)]
pub struct Content {
    /// To whom.
    pub recipient: Recipient,
    /// The headline.
    pub subject: Subject,
    /// The text.
    pub message: Message,
}

impl Application {
    /// Stores a notification of `owner` that is then sent; once for its key.
    pub async fn create(
        &self,
        owner: UserId,
        content: Content,
        once: Once<Notification>,
    ) -> Result<Done<Notification>, Error> {
        let mut transaction = self.store.begin().await?;
        if let Some(key) = &once.key {
            match transaction.earlier(key).await? {
                Some(Earlier::Answered(answer)) => return Ok(Done::Before(answer)),
                Some(Earlier::OtherBody) => return Err(Error::KeyReused),
                None => {}
            }
        }
        // After the look at the key: a retry gets its answer even if the channel was taken down meanwhile.
        self.channels.check(&content.recipient)?;
        let Correlation { id, traceparent } = Correlation::current();
        let cause = Cause::new(&id, traceparent.as_deref());
        let Content { recipient, subject, message } = content;
        let notification = Notification::new(owner, recipient, subject, message, cause, self.clock.now());
        transaction.insert(std::slice::from_ref(&notification)).await?;
        if let Some(key) = &once.key {
            transaction.remember(key, &(once.render)(&notification)).await?;
        }
        transaction.commit().await?;
        Ok(Done::Now(notification))
    }
}
