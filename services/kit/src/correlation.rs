//! What ties a request to everything that it causes: the id of the request that began it, and its
//! W3C trace. Carried from the HTTP request into the outbox, from there in the message, and around
//! the handling of the message again.

use std::future::Future;

use uuid::Uuid;

/// Where something comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The first request's id: the envelope's `correlation_id`.
    pub id: String,
    /// `traceparent` (W3C Trace Context, section 3.2) as it came; a message's header of that name.
    pub traceparent: Option<String>,
}

tokio::task_local! {
    static CURRENT: Correlation;
}

impl Correlation {
    /// A beginning: a new id without a trace.
    pub fn begin() -> Self {
        Self { id: Uuid::now_v7().to_string(), traceparent: None }
    }

    /// What the code that runs now is part of, or a beginning where nothing is.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Self::begin())
    }

    /// Runs `future` as a part of this.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_holds_within_its_scope_alone() {
        let outer = Correlation { id: "a".into(), traceparent: Some("00-1-2-01".into()) };
        outer.clone().scope(async { assert_eq!(Correlation::current(), outer) }).await;
        assert_ne!(Correlation::current().id, "a");
    }
}
