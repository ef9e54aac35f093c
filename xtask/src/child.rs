//! A process that never outlives the one that started it.

mod tail;

use std::{
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Command, ExitStatus},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::{Pid, getpid, getppid},
};

pub use tail::Tail;

use crate::interrupt::Interrupt;

/// How often a wait for an exit looks: the standard library has no wait with a deadline.
const LOOK: Duration = Duration::from_millis(10);

/// How long the pipes of a dead child are read on.
const PIPES_END: Duration = Duration::from_secs(1);

/// What a child that is dropped gets between SIGTERM and SIGKILL.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// A child in its own process group. Three things end it: [`Child::stop`], a drop, and the death of this process,
/// whatever killed it (the kernel then sends SIGTERM).
#[derive(Debug)]
pub struct Child {
    name: String,
    process: std::process::Child,
    status: Option<ExitStatus>,
    tail: Tail,
    readers: Vec<JoinHandle<()>>,
}

impl Child {
    /// Starts `command`. The thread that calls this must live as long as the child is to: the kernel watches the
    /// thread, not the process.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self, SpawnError> {
        die_with_parent(command);
        let process = command.spawn().map_err(|source| SpawnError {
            name: name.to_owned(),
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
        Ok(Self { name: name.to_owned(), process, status: None, tail: Tail::default(), readers: Vec::new() })
    }

    /// What the child is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is also the id of its process group.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Reads the output that was piped, a line at a time on threads of its own, into `sink` and into [`Child::tail`].
    pub fn follow(&mut self, sink: impl Fn(&str) + Clone + Send + 'static) {
        self.follow_stdout(sink.clone());
        if let Some(pipe) = self.process.stderr.take() {
            self.readers.push(lines(pipe, self.tail.clone(), sink));
        }
    }

    /// The same for the standard output alone.
    pub fn follow_stdout(&mut self, sink: impl Fn(&str) + Send + 'static) {
        if let Some(pipe) = self.process.stdout.take() {
            self.readers.push(lines(pipe, self.tail.clone(), sink));
        }
    }

    /// The last lines that the child wrote, as far as they were followed.
    pub fn tail(&self) -> String {
        self.tail.text()
    }

    /// [`Child::tail`] of a child that has ended, with what was still in its pipes. A process that it left behind may
    /// hold them open, so the wait for their end is a short one.
    pub fn last_words(&self) -> String {
        let deadline = Instant::now() + PIPES_END;
        while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        self.tail.text()
    }

    /// The exit status, once there is one.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.process.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits until the child ends by itself; `None` when `interrupt` came first.
    pub fn wait(&mut self, interrupt: &Interrupt) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.exited()? {
                return Ok(Some(status));
            }
            if interrupt.wait(LOOK) {
                return Ok(None);
            }
        }
    }

    /// Asks the child and what it started to end (SIGTERM), and kills what is left after `grace`, or as soon as
    /// `hurry` says so.
    pub fn stop(&mut self, grace: Duration, hurry: impl Fn() -> bool) -> io::Result<ExitStatus> {
        if self.exited()?.is_none() {
            self.signal(Signal::SIGTERM);
        }
        let deadline = Instant::now() + grace;
        while self.exited()?.is_none() && Instant::now() < deadline && !hurry() {
            thread::sleep(LOOK);
        }
        // Also when the child itself has gone: it may have left members of its group behind.
        self.signal(Signal::SIGKILL);
        match self.status {
            Some(status) => Ok(status),
            None => self.process.wait().inspect(|status| self.status = Some(*status)),
        }
    }

    fn signal(&self, signal: Signal) {
        // A process id that does not fit cannot have come from the kernel; a group that is gone needs no signal.
        if let Ok(group) = i32::try_from(self.id()) {
            let _ = killpg(Pid::from_raw(group), signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.stop(LAST_GRACE, || false);
    }
}

/// A program that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {name} ({program}): {source}")]
pub struct SpawnError {
    name: String,
    program: String,
    source: io::Error,
}

#[expect(unsafe_code, reason = "the standard library has no safe hook between fork and exec")]
fn die_with_parent(command: &mut Command) {
    let parent = getpid();
    let ask_kernel = move || {
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
        // The parent may have died between the fork and the line above; then no signal will ever come.
        if getppid() == parent { Ok(()) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    };
    command.process_group(0);
    // SAFETY: what runs between fork and exec must be async-signal-safe. This closure makes the system calls prctl
    // and getppid and nothing else: it takes no lock, allocates nothing (an `io::Error` of a kind or a code is a plain
    // value) and touches no memory but its own captured process id.
    unsafe {
        command.pre_exec(ask_kernel);
    }
}

fn lines(pipe: impl Read + Send + 'static, tail: Tail, sink: impl Fn(&str) + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\r', '\n']);
            tail.push(text);
            sink(text);
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests;
