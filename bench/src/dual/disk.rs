//! What a durable commit takes on this disk at the least: it bounds what any database here can do one at a time.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use super::DualError;

/// How many flushes are timed.
const TIMES: usize = 200;
/// What a small commit appends to SQLite's log: a page with its frame's head, twice.
const BYTES: usize = 2 * (4096 + 24);

/// The median time of a write and its flush to the disk that holds `directory`.
pub(super) fn commit(directory: &Path) -> Result<Duration, DualError> {
    let io = |source| DualError::Io { what: "a file to time the disk with", source };
    let mut file: File = tempfile::tempfile_in(directory).map_err(io)?;
    let bytes = vec![7_u8; BYTES];
    // The file has its length already, as SQLite's log mostly has.
    file.write_all(&vec![0; BYTES * TIMES]).and_then(|()| file.sync_all()).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(io)?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}
