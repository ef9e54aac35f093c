//! What a process and all that it started have used.
//!
//! CPU time is read from the processes' CPU clocks (`clock_getcpuclockid`), which count nanoseconds, up to now, with
//! the threads that have ended. `/proc/PID/stat` counts ticks and tells only how the time splits into user and system.

use std::{collections::HashMap, fs, io, time::Duration};

use nix::{time::clock_getcpuclockid, unistd::Pid};
use serde::Serialize;

const PAGE: u64 = 4096;

/// The processes that are measured together.
#[derive(Clone, Debug)]
pub struct Tree {
    processes: Vec<u32>,
}

/// A reading of a tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    cpu: Duration,
    waited: Duration,
    user_ticks: u64,
    system_ticks: u64,
    resident: u64,
}

/// What a tree has used between two readings.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spent {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// The part of it spent in user space, 0 to 1; sampled by the kernel's tick, so only roughly right.
    pub user_share: f64,
    /// How long threads that could have run waited for their core: what other processes on it took away.
    pub waited: Duration,
    /// Resident memory at the end, in bytes; pages that processes share are counted in each.
    pub resident: u64,
}

impl Tree {
    /// `root` and its descendants, as they are now.
    pub fn of(root: u32) -> io::Result<Self> {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for entry in fs::read_dir("/proc")? {
            let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // One that has ended since the directory was read is nobody's child any more.
            if let Some(stat) = fs::read_to_string(format!("/proc/{process}/stat")).ok().and_then(|s| Stat::parse(&s)) {
                children.entry(stat.parent).or_default().push(process);
            }
        }
        let mut processes = vec![root];
        let mut next = 0;
        while let Some(process) = processes.get(next) {
            processes.extend(children.remove(process).unwrap_or_default());
            next += 1;
        }
        Ok(Self { processes })
    }

    /// Its process ids, `root` first.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.processes.iter().copied()
    }

    /// What the processes have used up to now. One that has ended is an error: its time would be missing.
    pub fn read(&self) -> io::Result<Reading> {
        let mut reading = Reading::default();
        for &process in &self.processes {
            let pid = Pid::from_raw(i32::try_from(process).map_err(io::Error::other)?);
            reading.cpu += Duration::from(clock_getcpuclockid(pid)?.now()?);
            reading.waited += waited(process)?;
            let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
            let stat = Stat::parse(&stat).ok_or_else(|| io::Error::other("an unknown form of /proc/PID/stat"))?;
            reading.user_ticks += stat.user_ticks;
            reading.system_ticks += stat.system_ticks;
            reading.resident += stat.resident_pages * PAGE;
        }
        Ok(reading)
    }
}

impl Reading {
    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        self.resident
    }

    /// What was used between `earlier` and this reading.
    #[expect(clippy::cast_precision_loss, reason = "ticks of one run are far below 2^52")]
    pub fn since(&self, earlier: &Self) -> Spent {
        let user = (self.user_ticks - earlier.user_ticks) as f64;
        let system = (self.system_ticks - earlier.system_ticks) as f64;
        Spent {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            waited: self.waited.saturating_sub(earlier.waited),
            user_share: if user + system > 0.0 { user / (user + system) } else { 0.0 },
            resident: self.resident,
        }
    }
}

/// The second number of `/proc/PID/task/*/schedstat`: nanoseconds in the run queue. A kernel without it says nothing,
/// and then nothing is known of it here.
fn waited(process: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let line = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += line.split_ascii_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    user_ticks: u64,
    system_ticks: u64,
    resident_pages: u64,
}

impl Stat {
    /// Of the line of `/proc/PID/stat` (see `proc_pid_stat(5)`). The second field is the program's name in parentheses
    /// and may hold anything, so fields are counted from the last parenthesis: the first behind it is the third.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(field(4)?).ok()?,
            user_ticks: field(14)?,
            system_ticks: field(15)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, process};

    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 15 16 17 18 20 0 1 0 99 1000 24 more";
        let expected = Stat { parent: 7, user_ticks: 15, system_ticks: 16, resident_pages: 24 };
        assert_eq!(Stat::parse(line), Some(expected));
        assert_eq!(Stat::parse("42 (a) S 7"), None);
    }

    #[test]
    fn time_spent_here_is_seen() {
        let tree = Tree::of(process::id()).unwrap();
        let before = tree.read().unwrap();
        while tree.read().unwrap().since(&before).cpu < Duration::from_millis(2) {
            black_box(0);
        }
        assert!(before.resident() > 0);
    }

    #[test]
    fn a_child_belongs_to_the_tree() {
        let mut child = process::Command::new("sleep").arg("600").spawn().unwrap();
        let tree = Tree::of(process::id()).unwrap();
        assert!(tree.processes.contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(tree.read().is_err());
    }
}
