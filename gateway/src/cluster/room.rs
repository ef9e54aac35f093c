//! Where requests wait when every upstream of a service is at work on as much as it may be: few, and not for long.
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// Requests of one service that wait at once, over all workers.
const MOST_WAITING: usize = 100;
/// How long one waits.
const WAIT: Duration = Duration::from_secs(1);

/// The waiting of one service.
#[derive(Debug, Default)]
pub(crate) struct Room {
    waiting: AtomicUsize,
    left: Notify,
}

impl Room {
    /// A request has left its upstream.
    pub(super) fn one_left(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.left.notify_one();
        }
    }

    /// Waits until `take` finds a place; `None` when too many wait already, or when it took too long.
    pub(super) async fn wait<T>(&self, take: impl Fn() -> Option<T>) -> Option<T> {
        let others = self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(self);
        if others >= MOST_WAITING {
            return None;
        }
        let deadline = Instant::now() + WAIT;
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            // Whoever left before this was waited for has told nobody.
            if let Some(taken) = take() {
                return Some(taken);
            }
            if tokio::time::timeout_at(deadline, left).await.is_err() {
                return None;
            }
        }
    }
}

/// One that waits, until it is dropped.
struct Waiting<'r>(&'r Room);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn few_wait_and_whoever_leaves_makes_room() {
        let room = Room::default();
        assert_eq!(room.wait(|| Some(7)).await, Some(7));
        let (left, began) = (std::cell::Cell::new(false), Instant::now());
        let take = || left.get().then_some(7);
        let leaves = async {
            left.set(true);
            room.one_left();
        };
        assert_eq!(tokio::join!(room.wait(take), leaves).0, Some(7));
        assert_eq!(room.waiting.swap(MOST_WAITING, Ordering::SeqCst), 0);
        assert_eq!(room.wait(|| None::<()>).await, None);
        assert!(began.elapsed() < WAIT, "nobody has waited that long");
        assert_eq!(room.waiting.load(Ordering::SeqCst), MOST_WAITING);
    }
}
