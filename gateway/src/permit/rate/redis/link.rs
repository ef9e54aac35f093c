//! One worker's way to the store, as its requests see it.
use std::{
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use redis::{RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::{Check, Store, connection, reason, too_slow};

/// A way to ask. Its connection ends with it.
pub(crate) struct Link {
    state: Rc<State>,
    /// The task that connects.
    _keeper: JoinSet<()>,
}

/// What one worker knows of the store.
pub(super) struct State {
    pub(super) store: Arc<Store>,
    standing: watch::Sender<Standing>,
}

#[derive(Clone)]
enum Standing {
    /// Whoever asks waits for the connection.
    Connecting,
    Up(MultiplexedConnection),
    /// Nobody waits.
    Away,
}

impl Link {
    /// Connects in the background; whoever asks meanwhile waits, within the store's time-out.
    pub(crate) fn new(store: &Arc<Store>) -> Rc<Self> {
        let state = Rc::new(State { store: Arc::clone(store), standing: watch::Sender::new(Standing::Connecting) });
        let mut keeper = JoinSet::new();
        keeper.spawn_local(connection::keep(Rc::clone(&state)));
        Rc::new(Self { state, _keeper: keeper })
    }

    /// Whether it leads to that store.
    pub(crate) fn is_to(&self, store: &Arc<Store>) -> bool {
        Arc::ptr_eq(&self.state.store, store)
    }

    /// What the script says; none, at once, while the store is away.
    pub(in super::super) async fn ask(&self, check: Check) -> Option<i64> {
        let store = &self.state.store;
        let answer = timeout(store.config.timeout, self.state.ask(check)).await;
        let said = answer.unwrap_or_else(|_| Err(too_slow())).unwrap_or_else(|error| {
            self.state.lost(&error);
            None
        });
        if said.is_none() {
            store.fallbacks.fetch_add(1, Relaxed);
        }
        said
    }
}

impl State {
    async fn ask(&self, check: Check) -> RedisResult<Option<i64>> {
        let mut standing = self.standing.subscribe();
        let known = standing.wait_for(|now| !matches!(now, Standing::Connecting)).await.map(|now| now.clone());
        match known {
            Ok(Standing::Up(mut connection)) => check.ask(&mut connection).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Nobody is to wait from now on.
    pub(super) fn lost(&self, error: &RedisError) {
        if !matches!(self.standing.send_replace(Standing::Away), Standing::Away) {
            self.store.lost(&reason(error));
        }
    }

    /// It answers, here.
    pub(super) fn found(&self, connection: MultiplexedConnection) {
        if matches!(self.standing.send_replace(Standing::Up(connection)), Standing::Away) {
            self.store.found();
        }
    }

    /// Nobody has waited for what its connection has not answered: whoever asks next waits for another one.
    pub(super) fn reconnects(&self) {
        self.standing.send_replace(Standing::Connecting);
    }

    /// Ends when somebody has had no answer.
    pub(super) async fn until_lost(&self) {
        // Its sender is here.
        let _ = self.standing.subscribe().wait_for(|now| matches!(now, Standing::Away)).await;
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if matches!(*self.standing.borrow(), Standing::Away) {
            self.store.forgotten();
        }
    }
}
