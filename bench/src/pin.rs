//! Cores and limits: what a measurement sets for itself before it starts anything.

use std::{io, process::Command};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::resource::{Resource, getrlimit, setrlimit},
    unistd::Pid,
};
use xtask::child::{Child, SpawnError};

/// Why a process does not run where it should.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The machine, or the container, has no such core.
    #[error("core {core} cannot be had ({source}); see --core and --load-core: a measurement needs two of its own")]
    Core {
        /// The core's number.
        core: usize,
        /// What the kernel said.
        source: nix::Error,
    },
    /// The process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

/// Moves the calling thread, and what it starts from now on, to one core.
pub fn here(core: usize) -> Result<(), PinError> {
    let pin = || {
        let mut cores = CpuSet::new();
        cores.set(core)?;
        sched_setaffinity(Pid::from_raw(0), &cores)
    };
    pin().map_err(|source| PinError::Core { core, source })
}

/// Starts `command` on `core`. The calling thread goes there for the moment of the start, so that the child is on its
/// core from its first instruction and sees a machine of one core.
pub fn spawn(core: usize, name: &str, command: &mut Command) -> Result<Child, PinError> {
    let own = sched_getaffinity(Pid::from_raw(0)).map_err(|source| PinError::Core { core, source })?;
    here(core)?;
    let child = Child::spawn(name, command);
    sched_setaffinity(Pid::from_raw(0), &own).map_err(|source| PinError::Core { core, source })?;
    Ok(child?)
}

/// Raises the number of files this process and its children may have open, to `wanted` where that is allowed, else to
/// the hard limit. Gives what was reached.
pub fn raise_file_limit(wanted: u64) -> io::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    // Only root may raise the hard limit.
    if hard < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_ok() {
        return Ok(wanted);
    }
    let soft = wanted.min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    Ok(soft)
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_child_runs_where_it_is_told() {
        let before = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let core = (0..CpuSet::count()).find(|&core| before.is_set(core).unwrap()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "grep Cpus_allowed_list /proc/self/status"]).stdout(Stdio::piped());
        let mut child = spawn(core, "shell", &mut command).unwrap();
        child.follow(|_| ());
        child.wait(&xtask::interrupt::Interrupt::default()).unwrap();
        assert_eq!(child.last_words().split_whitespace().last(), Some(core.to_string().as_str()));
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), before);
    }

    #[test]
    fn a_core_that_is_not_there() {
        assert!(here(1023).unwrap_err().to_string().contains("core 1023"));
    }
}
