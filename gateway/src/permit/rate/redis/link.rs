//! One worker's connection to the store, as its requests see it.
use std::{
    cell::Cell,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_local,
};

use super::{Check, Store, connection};

/// A way to ask. Its connection ends with it.
pub(crate) struct Link {
    store: Arc<Store>,
    questions: mpsc::UnboundedSender<Question>,
    state: Rc<State>,
}

/// A check that waits for its answer.
pub(super) struct Question {
    pub(super) check: Check,
    pub(super) asked: Instant,
    /// What the script says; dropped where it says nothing in time.
    pub(super) answer: oneshot::Sender<i64>,
}

/// Whether the store is there, as one worker knows.
pub(super) struct State {
    store: Arc<Store>,
    is_away: Cell<bool>,
}

impl Link {
    /// Connects in the background; whoever asks meanwhile waits, within the store's time-out.
    pub(crate) fn new(store: &Arc<Store>) -> Rc<Self> {
        let (questions, asked) = mpsc::unbounded_channel();
        let state = Rc::new(State { store: Arc::clone(store), is_away: Cell::new(false) });
        spawn_local(connection::keep(Arc::clone(store), Rc::clone(&state), asked));
        Rc::new(Self { store: Arc::clone(store), questions, state })
    }

    /// Whether it leads to that store.
    pub(crate) fn is_to(&self, store: &Arc<Store>) -> bool {
        Arc::ptr_eq(&self.store, store)
    }

    /// What the script says; none, at once, while the store is away.
    pub(in super::super) async fn ask(&self, check: Check) -> Option<i64> {
        let answer = if self.state.is_away.get() { None } else { self.wait(check).await };
        if answer.is_none() {
            self.store.fallbacks.fetch_add(1, Relaxed);
        }
        answer
    }

    async fn wait(&self, check: Check) -> Option<i64> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { check, asked: Instant::now(), answer }).ok()?;
        answered.await.ok()
    }
}

impl State {
    /// Nobody is to wait from now on.
    pub(super) fn lost(&self, reason: &str) {
        if !self.is_away.replace(true) {
            self.store.lost(reason);
        }
    }

    /// It answers.
    pub(super) fn found(&self) {
        if self.is_away.replace(false) {
            self.store.found();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.is_away.get() {
            self.store.forgotten();
        }
    }
}
