//! The last lines of a child, for the message that tells of its end.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

const KEPT: usize = 20;

/// A bounded memory of lines, shared by the threads that read a child's output.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Tail {
    /// Remembers one line, and forgets the oldest when there are more than twenty.
    pub fn push(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The lines, oldest first, each indented by four spaces.
    pub fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().flat_map(|line| ["    ", line, "\n"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept() {
        let tail = Tail::default();
        (0..25).for_each(|number| tail.push(&number.to_string()));
        let text = tail.text();
        assert_eq!(text.lines().count(), KEPT);
        assert!(text.starts_with("    5\n") && text.ends_with("    24\n"));
    }
}
