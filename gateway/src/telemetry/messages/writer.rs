//! One thread writes what all others say: a reader of stderr that stalls costs messages, which are counted and told once it
//! reads on, and never time.
use std::{
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// Messages that may wait to be written.
const QUEUE: usize = 1024;
/// How long the end of the process waits for them.
const LAST_WAIT: Duration = Duration::from_secs(1);

static QUEUED: OnceLock<Queue> = OnceLock::new();

#[derive(Debug)]
struct Queue {
    sender: SyncSender<Vec<u8>>,
    waiting: AtomicU64,
    lost: AtomicU64,
}

/// Hands on what is written to it, each piece whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines(&'static Queue);

impl Lines {
    /// Starts the thread, once.
    pub(super) fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let queue = QUEUED.get_or_init(|| Queue { sender, waiting: AtomicU64::new(0), lost: AtomicU64::new(0) });
        std::thread::Builder::new().name("messages".into()).spawn(move || write_all(queue, &receiver, target))?;
        Ok(Self(queue))
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.waiting.fetch_add(1, SeqCst);
        if self.0.sender.try_send(line.to_vec()).is_err() {
            self.0.waiting.fetch_sub(1, SeqCst);
            self.0.lost.fetch_add(1, SeqCst);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        *self
    }
}

fn write_all(queue: &Queue, receiver: &Receiver<Vec<u8>>, mut target: impl Write) {
    for line in receiver {
        // A closed pipe is the reader's choice; the requests go on.
        let _ = target.write_all(&line).and_then(|()| target.flush());
        let lost = queue.lost.swap(0, SeqCst);
        if lost > 0 {
            tracing::warn!(lost, "messages were lost, for nobody read stderr");
        }
        queue.waiting.fetch_sub(1, SeqCst);
    }
}

/// Writes one line for people, whatever the level, after all messages so far. A stderr that can't be written to is no
/// reason to end.
pub fn say(line: &str) {
    let line = format!("{line}\n");
    let _ = match QUEUED.get() {
        Some(queue) => Lines(queue).write_all(line.as_bytes()),
        None => io::stderr().write_all(line.as_bytes()),
    };
}

/// Waits until what was said is written, at most a second: a reader that stalled must not hold the exit.
pub(super) fn finish() {
    let Some(queue) = QUEUED.get() else { return };
    let deadline = Instant::now() + LAST_WAIT;
    while queue.waiting.load(SeqCst) > 0 && Instant::now() < deadline {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}
