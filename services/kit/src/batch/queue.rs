//! What waits for the next batch.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::BatchError;

type Answer<R, E> = oneshot::Sender<Result<R, BatchError<E>>>;
/// Commands, and where each one's result goes.
pub(super) type Batch<C, R, E> = (Vec<C>, Vec<Answer<R, E>>);

/// A command and its caller.
pub(super) struct Waiting<C, R, E> {
    pub(super) command: C,
    pub(super) answer: Answer<R, E>,
}

pub(super) struct Queue<C, R, E> {
    waiting: VecDeque<Waiting<C, R, E>>,
    /// Whether a task takes batches now.
    running: bool,
}

impl<C, R, E> Default for Queue<C, R, E> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), running: false }
    }
}

impl<C, R, E> Queue<C, R, E> {
    /// Queues it; `Some(true)` asks the caller to start the task that takes batches, `None` means that
    /// `limit` wait already.
    pub(super) fn push(&mut self, waiting: Waiting<C, R, E>, limit: usize) -> Option<bool> {
        if self.waiting.len() >= limit {
            return None;
        }
        self.waiting.push_back(waiting);
        Some(!std::mem::replace(&mut self.running, true))
    }

    /// The next commands, at most `limit`; with `None` the task that takes batches is over.
    pub(super) fn take(&mut self, limit: usize) -> Option<Batch<C, R, E>> {
        let count = self.waiting.len().min(limit);
        self.running = count > 0;
        let batch = self.waiting.drain(..count).map(|waiting| (waiting.command, waiting.answer)).unzip();
        self.running.then_some(batch)
    }
}
