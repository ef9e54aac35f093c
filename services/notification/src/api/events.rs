//! What the events of other services mean here.

use std::sync::Arc;

use async_trait::async_trait;
use events::task::TaskCompleted;
use events::ticket::TicketPurchased;
use events::user::{UserCreated, UserUpdated};
use events::{Event, ReadError};
use kit::consumer::{Failure, Handler, Received};

use crate::application::{Application, Error, Happening, Occurrence};
use crate::domain::{Cause, Occasion, UserId};

/// The consumer.
pub struct Events(Arc<Application>);

impl Events {
    /// Over the use cases.
    pub fn new(application: Arc<Application>) -> Self {
        Self(application)
    }
}

#[async_trait]
impl Handler for Events {
    async fn handle(&self, received: &[Received]) -> Result<(), Failure> {
        let mut occurrences = Vec::with_capacity(received.len());
        for one in received {
            let what = happening(one).map_err(|error| Failure::Refused(error.to_string()))?;
            occurrences.extend(what.map(|what| occurrence(one, what)));
        }
        self.0.react(occurrences).await.map_err(|error| match error {
            Error::Unstorable(cause) => Failure::Refused(cause),
            // A full disk or a missing right is mended, and the event is still wanted then.
            other => Failure::Unavailable(other.to_string()),
        })
    }
}

/// What an event tells; `None` for one that nobody is told of.
fn happening(received: &Received) -> Result<Option<Happening>, ReadError> {
    let envelope = &received.envelope;
    Ok(Some(match envelope.event_type.as_str() {
        UserCreated::TYPE => {
            let UserCreated { user_id, email, name } = envelope.read()?;
            Happening::Reachable { user: UserId(user_id), email, occasion: Some(Occasion::Welcome { name }) }
        }
        UserUpdated::TYPE => {
            let UserUpdated { user_id, email, .. } = envelope.read()?;
            Happening::Reachable { user: UserId(user_id), email, occasion: None }
        }
        TaskCompleted::TYPE => {
            let TaskCompleted { owner_id, title, .. } = envelope.read()?;
            Happening::Told { user: UserId(owner_id), occasion: Occasion::TaskCompleted { title } }
        }
        TicketPurchased::TYPE => {
            let TicketPurchased { ticket_id, buyer_id, qty } = envelope.read()?;
            let occasion = Occasion::TicketPurchased { ticket: ticket_id, qty };
            Happening::Told { user: UserId(buyer_id), occasion }
        }
        _ => return Ok(None),
    }))
}

fn occurrence(Received { envelope, correlation }: &Received, what: Happening) -> Occurrence {
    let cause = Cause::new(&correlation.id, correlation.traceparent.as_deref());
    Occurrence { event_id: envelope.event_id, at: envelope.occurred_at, cause, what }
}
