//! What a process writes, line by line, as it comes.
use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Mutex},
    thread,
};

use crate::wait::eventually;

/// The lines of a stream so far; a thread reads on until its end.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let state = Arc::clone(&lines.0);
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                state.lock().unwrap().lines.push(line);
            }
            state.lock().unwrap().ended = true;
        });
        lines
    }

    /// All lines so far.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().lines.clone()
    }

    /// All lines, once the stream has ended.
    pub fn to_end(&self) -> Vec<String> {
        eventually("the end of a process's output", || {
            let state = self.0.lock().unwrap();
            state.ended.then(|| state.lines.clone())
        })
    }

    /// The first line that `take` makes something of, waited for.
    pub fn find<T>(&self, what: &str, take: impl Fn(&str) -> Option<T>) -> T {
        eventually(what, || self.0.lock().unwrap().lines.iter().find_map(|line| take(line)))
    }
}
