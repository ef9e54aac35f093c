//! Whose turn it is among equals: the one whose last pick is the longest ago.

/// When each was picked last.
#[derive(Debug)]
pub(super) struct Turns {
    last: Vec<u64>,
    picks: u64,
}

impl Turns {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { last: vec![0; upstreams], picks: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.last.len()
    }

    /// What orders equals: the lower one is next.
    pub(super) fn of(&self, index: usize) -> u64 {
        self.last[index]
    }

    pub(super) fn take(&mut self, index: usize) {
        self.picks += 1;
        self.last[index] = self.picks;
    }
}
