//! Notices that a file of the configuration is another than it was.
//!
//! It looks, and is not told: what tells of changes (inotify, kqueue) follows neither the links by which Kubernetes swaps
//! a whole `ConfigMap`, nor a file that is mounted into a container, nor one on a network, and is silent when it has run
//! out of watches. A look at a handful of files four times a second costs a ten-thousandth of a core, and sees all of it.
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::config::Source;

/// Between two looks.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);

/// How many looks in a row must see the same before it counts: whoever writes a file writes it in pieces.
const STEADY: u32 = 2;
/// The same where a file is missing: some editors take it away before they put the new one there.
const STEADY_WITHOUT: u32 = 8;
/// Within this time after a change, another may leave the same time-stamp behind; so the bytes are looked at.
const YOUNG: Duration = Duration::from_secs(3);

/// The files, as they were when they were read last, and as they were seen last.
#[derive(Debug)]
pub(super) struct Files {
    read: Vec<Source>,
    seen: Vec<Seen>,
    /// Looks in a row that saw the same.
    steady: u32,
}

#[derive(Debug)]
struct Seen {
    /// None before the first look.
    stamp: Option<Stamp>,
    source: Source,
}

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Missing,
    /// Device, inode, length, and the times of its content and of its inode.
    There(u64, u64, u64, (i64, i64), (i64, i64)),
}

impl Files {
    /// Those that a configuration, good or bad, was read from.
    pub(super) fn new(read: &[Source]) -> Self {
        let seen = read.iter().map(|source| Seen { stamp: None, source: source.clone() });
        Self { read: read.to_vec(), seen: seen.collect(), steady: 0 }
    }

    /// Whether any has another content than when it was read, and has had it for a moment.
    pub(super) fn look(&mut self) -> bool {
        let mut is_steady = true;
        for seen in &mut self.seen {
            is_steady &= !seen.look();
        }
        let is_other = self.seen.iter().zip(&self.read).any(|(seen, read)| seen.source != *read);
        self.steady = if is_steady && is_other { self.steady + 1 } else { u32::from(is_other) };
        // One that was missing already is awaited by nobody: a certificate that is not issued yet.
        let is_away = |(seen, read): (&Seen, &Source)| !seen.source.is_readable() && read.is_readable();
        let needed = if self.seen.iter().zip(&self.read).any(is_away) { STEADY_WITHOUT } else { STEADY };
        self.steady >= needed
    }
}

impl Seen {
    /// Looks again; whether its content is another than at the last look.
    fn look(&mut self) -> bool {
        let path = PathBuf::from(self.source.path());
        let metadata = fs::metadata(&path).ok();
        let is_young = metadata.as_ref().and_then(|metadata| metadata.modified().ok()).is_some_and(|at| {
            // A time to come is no old one.
            SystemTime::now().duration_since(at).is_ok_and(|age| age < YOUNG) || at > SystemTime::now()
        });
        let stamp = metadata.map_or(Stamp::Missing, |of| {
            Stamp::There(of.dev(), of.ino(), of.size(), (of.mtime(), of.mtime_nsec()), (of.ctime(), of.ctime_nsec()))
        });
        if Some(stamp) == self.stamp && !is_young {
            return false;
        }
        self.stamp = Some(stamp);
        let now = Source::read(&path, fs::read(&path).ok().as_deref());
        let is_other = now != self.source;
        self.source = now;
        is_other
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(path: &Path) -> Source {
        Source::read(path, fs::read(path).ok().as_deref())
    }

    #[test]
    fn a_change_counts_once_it_is_steady_and_until_it_is_read() {
        let folder = std::env::temp_dir().join(format!("gateway-watch-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("gateway.toml");
        fs::write(&path, "one").unwrap();
        let mut files = Files::new(&[read(&path)]);
        assert!(!(0..5).any(|_| files.look()), "nothing has changed");
        // In pieces: each look sees another content.
        for piece in ["t", "tw", "two"] {
            fs::write(&path, piece).unwrap();
            assert!(!files.look(), "{piece}");
        }
        assert!(files.look() && files.look(), "it stands still, and is not read yet");
        let mut files = Files::new(&[read(&path)]);
        assert!(!files.look() && !files.look());
        // An editor's replacement: away for a moment, then another file of that name.
        fs::remove_file(&path).unwrap();
        assert!(!(0..3).any(|_| files.look()));
        fs::write(folder.join("new"), "six").unwrap();
        fs::rename(folder.join("new"), &path).unwrap();
        assert!(!files.look() && files.look());
        // And back, before anybody has read it.
        fs::write(&path, "two").unwrap();
        assert!(!(0..5).any(|_| files.look()));
        fs::remove_file(&path).unwrap();
        assert_eq!((0..20).position(|_| files.look()), Some(7), "it stays away");
        // It went before the first look.
        let mut files = Files::new(&files.read);
        assert_eq!((0..20).position(|_| files.look()), Some(7));
        // One that has been missing does not hold up what others say.
        let other = folder.join("other");
        fs::write(&other, "one").unwrap();
        let mut files = Files::new(&[read(&path), read(&other)]);
        assert!(!(0..5).any(|_| files.look()));
        fs::write(&other, "two").unwrap();
        assert!(!files.look() && files.look());
        fs::remove_dir_all(&folder).unwrap();
    }
}
