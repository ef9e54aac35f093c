//! The workers' threads: started, told what to do, and waited for.
use std::{
    io,
    os::fd::OwnedFd,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    thread,
};

use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

use crate::{
    accept::{Endpoint, Queue},
    live::Live,
    telemetry::{
        access_log::Sink,
        metrics::{Connecting, Gauges, Shard},
    },
    worker::{self, Listener, Order, Parts},
};

/// Every worker that has not ended.
pub(super) struct Threads {
    all: Vec<Thread>,
    next: usize,
    ended: (UnboundedSender<End>, UnboundedReceiver<End>),
    /// What all of them count in.
    pub(super) connecting: Arc<Connecting>,
}

struct Thread {
    index: usize,
    orders: UnboundedSender<Order>,
    gauges: Arc<Gauges>,
    /// Whether it only ends what it has.
    is_retired: bool,
}

/// The worker with this index has ended.
type End = (usize, thread::Result<io::Result<()>>);

impl Threads {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), next: 0, ended: mpsc::unbounded_channel(), connecting: Arc::default() }
    }

    /// Starts one more.
    pub(super) fn start(
        &mut self,
        listeners: Vec<Listener>,
        (live, shard): (&Arc<Live>, &Arc<Shard>),
        log: Sink,
        permits: &Arc<Semaphore>,
    ) -> io::Result<()> {
        let (orders, receiver) = mpsc::unbounded_channel();
        let gauges = Arc::new(Gauges { connecting: Arc::clone(&self.connecting), ..Gauges::default() });
        let parts = Parts {
            listeners,
            live: Arc::clone(live),
            shard: Arc::clone(shard),
            gauges: Arc::clone(&gauges),
            log,
            permits: Arc::clone(permits),
            orders: receiver,
        };
        let (index, ended) = (self.next, self.ended.0.clone());
        thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| worker::run(parts)));
            // Who waits for nobody need not know.
            let _ = ended.send((index, outcome));
        })?;
        self.next += 1;
        self.all.push(Thread { index, orders, gauges, is_retired: false });
        Ok(())
    }

    /// All of them, those that only end what they have included.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Those that accept.
    pub(super) fn accepting(&self) -> usize {
        self.all.iter().filter(|thread| !thread.is_retired).count()
    }

    /// What each has open.
    pub(super) fn gauges(&self) -> Vec<Arc<Gauges>> {
        self.all.iter().map(|thread| Arc::clone(&thread.gauges)).collect()
    }

    /// Has the first of them, one for each shard, serve this from now on, and waits until they do.
    pub(super) async fn serve(&self, live: &Arc<Live>, shards: &[Arc<Shard>]) {
        let mut waits = Vec::new();
        for (thread, shard) in self.all.iter().zip(shards) {
            let (done, wait) = oneshot::channel();
            thread.tell(Order::Serve { live: Arc::clone(live), shard: Arc::clone(shard), done });
            waits.push(wait);
        }
        for wait in waits {
            // One that has ended serves nothing.
            let _ = wait.await;
        }
    }

    /// Has those that accept, and there is one for each list, accept on more sockets.
    pub(super) fn listen(&self, listeners: Vec<Vec<Listener>>) {
        let accepting = self.all.iter().filter(|thread| !thread.is_retired);
        for (thread, listeners) in accepting.zip(listeners) {
            thread.tell(Order::Listen(listeners));
        }
    }

    /// Has all of them accept on these addresses no more.
    pub(super) fn unlisten(&self, endpoints: &[Endpoint]) {
        self.all.iter().for_each(|thread| thread.tell(Order::Unlisten(endpoints.to_vec())));
    }

    /// Has those beyond the first `kept` that accept end with the last of their connections.
    pub(super) fn retire(&mut self, kept: usize) {
        for thread in self.all.iter_mut().filter(|thread| !thread.is_retired).skip(kept) {
            thread.is_retired = true;
            thread.tell(Order::Retire);
        }
    }

    /// Copies of the sockets of all that accept, each with its address in the file and whether it is lent.
    pub(super) async fn copy_sockets(&self) -> io::Result<Vec<(Endpoint, bool, OwnedFd)>> {
        let mut waits = Vec::new();
        for thread in self.all.iter().filter(|thread| !thread.is_retired) {
            let (reply, wait) = oneshot::channel();
            thread.tell(Order::Copy(reply));
            waits.push(wait);
        }
        let mut sockets = Vec::new();
        for wait in waits {
            // One that has ended has none.
            sockets.extend(wait.await.unwrap_or_else(|_| Ok(Vec::new()))?);
        }
        Ok(sockets)
    }

    /// Has all of them end.
    pub(super) fn stop(&self, queue: Queue) {
        self.all.iter().for_each(|thread| thread.tell(Order::Stop(queue)));
    }

    /// Waits for the next to end; an error is what it ended with.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let (index, outcome) = self.ended.1.recv().await.expect("this end holds a sender too");
        self.all.retain(|thread| thread.index != index);
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl Thread {
    fn tell(&self, order: Order) {
        // One that has ended does what it is told anyway, or need not.
        let _ = self.orders.send(order);
    }
}
