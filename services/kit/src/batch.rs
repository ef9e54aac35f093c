//! Group commit: what waits for the disk waits together.
//!
//! A durable commit costs a flush of the disk, however much is in it. A [`Batcher`] gathers the commands
//! that come while one commit runs and has them done by the next one, all in one transaction. A lone
//! command starts at once: there is no timer, the batch is whatever has queued.

mod queue;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tracing::{Instrument, Span};

use queue::{Queue, Waiting};

type Applying<R, E> = Pin<Box<dyn Future<Output = Result<Vec<R>, E>> + Send>>;
type Apply<C, R, E> = Box<dyn Fn(Vec<C>) -> Applying<R, E> + Send + Sync>;

/// How much is taken on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Commands that may wait; one more is refused.
    pub waiting: usize,
    /// Commands in one transaction.
    pub at_once: usize,
}

/// Why a command has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError<E> {
    /// Too many wait; nothing was done.
    #[error("too many commands wait")]
    Full,
    /// The transaction failed, for all of its commands.
    #[error("{0}")]
    Failed(E),
    /// What applies the batch panicked, or gave another number of results than it had commands.
    #[error("the batch broke off")]
    Broken,
}

/// Applies commands `C` in batches; each gives an `R`, or an `E` when its batch fails. Clones share the
/// queue.
pub struct Batcher<C, R, E>(Arc<Shared<C, R, E>>);

struct Shared<C, R, E> {
    /// What it is a part of: its commands come from many requests.
    span: Span,
    apply: Apply<C, R, E>,
    limits: Limits,
    queue: Mutex<Queue<C, R, E>>,
}

impl<C, R, E> Clone for Batcher<C, R, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C, R, E> Batcher<C, R, E>
where
    C: Send + 'static,
    R: Send + 'static,
    E: Clone + Send + 'static,
{
    /// `apply` does commands in one transaction and gives as many results, in their order, once it is
    /// committed; an error means that none of them was done.
    pub fn new<F>(limits: Limits, apply: impl Fn(Vec<C>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<R>, E>> + Send + 'static,
    {
        let apply: Apply<C, R, E> = Box::new(move |commands| Box::pin(apply(commands)));
        Self(Arc::new(Shared { span: Span::current(), apply, limits, queue: Mutex::default() }))
    }

    /// Has `command` done; resolves after its commit. A caller that is dropped meanwhile takes nothing
    /// back: the command is done if it was queued.
    pub async fn submit(&self, command: C) -> Result<R, BatchError<E>> {
        let (answer, answered) = oneshot::channel();
        let idle = {
            let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push(Waiting { command, answer }, self.0.limits.waiting).ok_or(BatchError::Full)?
        };
        if idle {
            // A task of its own, so that no caller that goes away takes the others' commit with it.
            tokio::spawn(Arc::clone(&self.0).run().instrument(self.0.span.clone()));
        }
        answered.await.unwrap_or(Err(BatchError::Broken))
    }
}

impl<C, R, E> Shared<C, R, E>
where
    C: Send + 'static,
    R: Send + 'static,
    E: Clone + Send + 'static,
{
    /// Applies batch after batch until nothing waits.
    async fn run(self: Arc<Self>) {
        while let Some((commands, answers)) = self.next() {
            // A panic in it must not leave the queue without a runner.
            let outcome = tokio::spawn((self.apply)(commands).in_current_span()).await;
            let results = match outcome {
                Ok(Ok(results)) if results.len() == answers.len() => results.into_iter().map(Ok).collect(),
                Ok(Err(error)) => vec![BatchError::Failed(error); answers.len()].into_iter().map(Err).collect(),
                Ok(Ok(_)) | Err(_) => answers.iter().map(|_| Err(BatchError::Broken)).collect::<Vec<_>>(),
            };
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that is gone does not hear of it.
                let _ = answer.send(result);
            }
        }
    }

    fn next(&self) -> Option<queue::Batch<C, R, E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take(self.limits.at_once)
    }
}
