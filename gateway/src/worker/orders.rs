//! What a worker does while its thread lives: it serves, and does what the control runtime tells it.
use std::{
    io,
    os::fd::OwnedFd,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_local,
};

use super::{Core, Listener, Parts, Slot, Worker, doors::Doors};
use crate::{
    accept::{Endpoint, Queue},
    live::Live,
    telemetry::metrics::Shard,
};

/// How often idle connections to upstreams are looked through.
const SWEEP: Duration = Duration::from_secs(1);
/// How long before the end of a drain tunnels are told to close, at the latest.
const TUNNELS_CLOSE: Duration = Duration::from_secs(5);

/// What the control runtime tells a worker. Whoever waits for an answer learns from a sender that is gone that the worker
/// has ended.
pub(crate) enum Order {
    /// Requests that begin from now on are served by this; `done` is told when that is so.
    Serve {
        live: Arc<Live>,
        shard: Arc<Shard>,
        done: oneshot::Sender<()>,
    },
    Listen(Vec<Listener>),
    /// Listens no more on these addresses of the file.
    Unlisten(Vec<Endpoint>),
    /// Accepts nothing any more, and ends with its last connection; none is closed.
    Retire,
    /// Gives copies of its sockets, each with its address in the file and whether it is lent.
    Copy(oneshot::Sender<io::Result<Vec<(Endpoint, bool, OwnedFd)>>>),
    /// Ends, after what runs.
    Stop(Queue),
}

/// Serves until told to stop, then until the last connection has ended or the drain's time is over.
pub(super) async fn serve(parts: Parts) -> io::Result<()> {
    let Parts { listeners, live, shard, gauges, log, permits, mut orders } = parts;
    let core = Core::new(log, gauges);
    let slot = Slot::new(Worker::new(&core, live, shard, None));
    let mut doors = Doors::new(&slot, permits);
    for listener in listeners {
        doors.open(listener)?;
    }
    let log = Rc::clone(&core.log);
    spawn_local(async move { log.keep_flushing().await });
    spawn_local(sweep(Rc::clone(&slot)));

    let queue = until_stopped(&core, &slot, &mut doors, &mut orders).await;
    let timeout = slot.current().live.config.server.drain_timeout;
    core.drain.start(tokio::time::Instant::now() + tunnels_stay(queue, timeout));
    doors.close(None, queue).await;
    if tokio::time::timeout(timeout, core.drain.finished()).await.is_err() {
        tracing::warn!(connections = core.drain.open(), "the drain's time is over: what is still open is cut");
    }
    slot.current().close();
    // The connections that upstreams share have a task each: it says farewell in one turn.
    tokio::task::yield_now().await;
    core.log.flush();
    Ok(())
}

/// What becomes of what still waits to be accepted, once it is to stop.
async fn until_stopped(
    core: &Core,
    slot: &Slot,
    doors: &mut Doors,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Queue {
    let mut is_retired = false;
    loop {
        let order = tokio::select! {
            order = orders.recv() => order,
            () = core.drain.finished(), if is_retired => return Queue::Serve,
        };
        match order {
            Some(Order::Serve { live, shard, done }) => {
                slot.replace(live, shard);
                // Who does not wait need not know.
                let _ = done.send(());
            }
            Some(Order::Listen(listeners)) => {
                for listener in listeners {
                    let endpoint = listener.endpoint;
                    if let Err(error) = doors.open(listener) {
                        tracing::error!(%endpoint, %error, "a worker cannot accept here");
                    }
                }
            }
            Some(Order::Unlisten(endpoints)) => doors.close(Some(&endpoints), Queue::Serve).await,
            Some(Order::Retire) => {
                doors.close(None, Queue::Serve).await;
                is_retired = true;
            }
            Some(Order::Copy(reply)) => drop(reply.send(doors.copies())),
            Some(Order::Stop(queue)) => return queue,
            // A sender that is gone means the same as a stop.
            None => return Queue::Serve,
        }
    }
}

/// How long tunnels stay open in a drain, which none of them ends by itself: where another process serves on, nearly as
/// long as they may, for each of them would come back at once.
fn tunnels_stay(queue: Queue, drain: Duration) -> Duration {
    match queue {
        Queue::Serve => Duration::ZERO,
        Queue::Leave => drain.saturating_sub(TUNNELS_CLOSE.min(drain / 2)),
    }
}

async fn sweep(slot: Rc<Slot>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let worker = slot.current();
        worker.clusters.iter().chain(&worker.authorisers).for_each(|cluster| cluster.sweep(Instant::now()));
    }
}
