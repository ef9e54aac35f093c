//! Where a proxy's time goes: one more run of a workload under `perf record`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use xtask::{child::Child, workspace};

use super::CompareError;
use crate::usage::Tree;

/// How many symbols are printed; the file has all.
const SHOWN: usize = 30;

/// For perf to write its file.
const GRACE: Duration = Duration::from_secs(20);

/// A recording that runs until it is finished.
pub(super) struct Recording {
    perf: Child,
    file: PathBuf,
}

impl Recording {
    /// Watches all threads of the tree of `process`. The clock of the CPU is sampled, which every machine has, also a
    /// virtual one; call graphs need frame pointers or the profile `dist`.
    pub(super) fn start(name: &str, workload: &str, process: u32) -> Result<Self, CompareError> {
        let io = |source| CompareError::Io { what: "the recording", source };
        let directory = workspace::root().join("bench/out");
        fs::create_dir_all(&directory).map_err(io)?;
        let file = directory.join(format!("{workload}-{name}.perf"));
        let processes = Tree::of(process).map_err(io)?.ids().map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        let mut command = Command::new("perf");
        command.args(["record", "--event=cpu-clock", "--freq=1999", "-g", "--pid", &processes, "--output"]).arg(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let perf = Child::spawn("perf", &mut command).map_err(CompareError::Perf)?;
        Ok(Self { perf, file })
    }

    /// Ends the recording, and gives the symbols that took most.
    pub(super) fn finish(mut self) -> Result<String, CompareError> {
        let io = |source| CompareError::Io { what: "the recording", source };
        self.perf.stop(GRACE, || false).map_err(io)?;
        let output = Command::new("perf")
            .args(["report", "--stdio", "--no-children", "--call-graph=none", "--sort=symbol", "--input"])
            .arg(&self.file)
            .stderr(Stdio::null())
            .output()
            .map_err(io)?;
        Ok(top(&String::from_utf8_lossy(&output.stdout), &self.file))
    }
}

fn top(report: &str, file: &Path) -> String {
    let symbols = report.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut text = String::new();
    for line in symbols.take(SHOWN) {
        // Padded to the longest symbol, and followed by columns that are empty for a software clock.
        let words: Vec<_> = line.split_ascii_whitespace().filter(|word| *word != "-").collect();
        text.extend(["  ", &words.join(" "), "\n"]);
    }
    text.extend(["  (the rest, with call graphs: perf report --input ", &file.display().to_string(), ")"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_symbols() {
        let report = format!("# Samples: 5\n#\n\n{}", "  14.16%  [k] writev      -      -\n".repeat(40));
        let text = top(&report, Path::new("out/x.perf"));
        assert_eq!(text.lines().count(), SHOWN + 1);
        assert!(text.starts_with("  14.16% [k] writev\n"), "{text}");
    }
}
