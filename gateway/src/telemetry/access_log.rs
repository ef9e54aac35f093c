//! The access log: one JSON object a line on stdout, one line a request.
//!
//! A worker appends to its own buffer and hands it on when it is full or a moment old; one thread writes them all. So a
//! line costs a request some memory writes, and a reader that stalls costs lines, which are counted, never time.
mod line;

use std::{
    cell::RefCell,
    io::Write,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::Notify;

pub use line::Line;

/// A buffer of this size is handed on at once.
const BUFFER: usize = 32 * 1024;
/// How old a line may grow in its buffer.
const MAX_AGE: Duration = Duration::from_millis(20);
/// Buffers that may wait for the writer: 8 MiB.
const QUEUE: usize = 256;

/// The thread that writes; it ends once every [`AccessLog`] is gone.
pub(crate) struct Writer {
    sender: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts writing to `target`.
    pub(crate) fn start(target: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("access-log".into()).spawn(move || write_all(&receiver, target))?;
        Ok(Self { sender, dropped: Arc::default(), thread })
    }

    /// The end that a worker holds.
    pub(crate) fn sink(&self) -> Sink {
        Sink { sender: self.sender.clone(), dropped: Arc::clone(&self.dropped) }
    }

    /// Lines that no reader took.
    pub(crate) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }

    /// Waits until what was handed on is written, at most a second: a reader that stalled must not hold the exit.
    pub(crate) fn finish(self) {
        drop(self.sender);
        let deadline = std::time::Instant::now() + Duration::from_secs(1);
        while !self.thread.is_finished() && std::time::Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

fn write_all(receiver: &Receiver<Vec<u8>>, mut target: impl Write) {
    for lines in receiver {
        // A closed pipe is the reader's choice; the requests go on.
        let _ = target.write_all(&lines).and_then(|()| target.flush());
    }
}

/// Hands buffers to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    sender: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

/// A worker's end of the log.
#[derive(Debug)]
pub(crate) struct AccessLog {
    sink: Sink,
    buffer: RefCell<Vec<u8>>,
    begun: Notify,
}

impl AccessLog {
    /// A log whose lines reach the writer once [`AccessLog::keep_flushing`] runs.
    pub(crate) fn new(sink: Sink) -> Rc<Self> {
        Rc::new(Self { sink, buffer: RefCell::new(Vec::with_capacity(BUFFER + 1024)), begun: Notify::new() })
    }

    /// Appends one line; `write` ends it with a line feed.
    pub(crate) fn line(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = self.buffer.borrow_mut();
        if buffer.is_empty() {
            self.begun.notify_one();
        }
        write(&mut buffer);
        if buffer.len() >= BUFFER {
            self.hand_on(&mut buffer);
        }
    }

    /// Hands on whatever is there.
    pub(crate) fn flush(&self) {
        let mut buffer = self.buffer.borrow_mut();
        if !buffer.is_empty() {
            self.hand_on(&mut buffer);
        }
    }

    /// Hands on every line within a moment, for as long as it is polled.
    pub(crate) async fn keep_flushing(&self) {
        loop {
            self.begun.notified().await;
            tokio::time::sleep(MAX_AGE).await;
            self.flush();
        }
    }

    fn hand_on(&self, buffer: &mut Vec<u8>) {
        let lines = std::mem::replace(buffer, Vec::with_capacity(BUFFER + 1024));
        if let Err(TrySendError::Full(lines) | TrySendError::Disconnected(lines)) = self.sink.sender.try_send(lines) {
            let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
            self.sink.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Appends `text` as the inside of a JSON string (RFC 8259 §7).
pub(crate) fn escape_json(out: &mut Vec<u8>, text: &str) {
    let is_plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(is_plain) {
        return out.extend_from_slice(text.as_bytes());
    }
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            byte if is_plain(byte) => out.push(byte),
            byte => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    #[test]
    fn a_string_is_escaped_as_json_wants_it() {
        for text in ["plain", "quo\"te", "back\\slash", "tab\there", "nul\0", "ü"] {
            let mut out = vec![b'"'];
            escape_json(&mut out, text);
            out.push(b'"');
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    /// A reader that takes nothing until it is released.
    #[derive(Clone, Default)]
    struct Stalled(Arc<(Mutex<bool>, Condvar)>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let (released, changed) = &*self.0;
            let mut released = released.lock().unwrap();
            while !*released {
                released = changed.wait(released).unwrap();
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_reader_costs_lines_and_no_time() {
        let stalled = Stalled::default();
        let writer = Writer::start(stalled.clone()).unwrap();
        let log = AccessLog::new(writer.sink());
        let line = [b"x".repeat(BUFFER), b"\n".to_vec()].concat();
        for _ in 0..QUEUE + 10 {
            log.line(|out| out.extend_from_slice(&line));
        }
        // One buffer is in the writer's hands or in the queue still.
        let dropped = writer.dropped().load(Ordering::Relaxed);
        assert!((9..=10).contains(&dropped), "{dropped}");
        *stalled.0.0.lock().unwrap() = true;
        stalled.0.1.notify_all();
        drop(log);
        writer.finish();
    }
}
