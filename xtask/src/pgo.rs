//! `cargo xtask pgo`: the gateway, optimised for what the benchmarks make it do.

mod profdata;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
};

use clap::Args;
use xtask::{
    cargo::{Build, BuildError},
    child::{Child, SpawnError},
    interrupt::Interrupt,
    workspace,
};

use profdata::{Toolchain, ToolchainError};

/// What the profile is gathered from. The mix is that of the benchmarks: the path of a request, not one workload.
const WORKLOADS: &str = "get,get64k,post10k,newconn,get-hs256,get-eddsa";

#[derive(Args)]
pub(crate) struct Options {
    /// How long each workload is driven through the instrumented gateway, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

#[derive(Debug, thiserror::Error)]
enum PgoError {
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{step} failed ({status}); what it says is above")]
    Failed { step: &'static str, status: ExitStatus },
    #[error(
        "the instrumented gateway left no profile in {0}: it writes one when it ends by itself, so either SIGTERM \
         did not end it in time, or it crashed"
    )]
    NoProfile(PathBuf),
    #[error("interrupted")]
    Interrupted,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    match run(options) {
        Ok(binary) => {
            println!("{}", binary.display());
            eprintln!("Built by its own profile. Compare: cargo xtask bench --gateway {}", binary.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// 1. Find the tools, before minutes of building. 2. Build instrumented. 3. Drive the workloads. 4. Merge what was
///    counted. 5. Build by it.
fn run(options: &Options) -> Result<PathBuf, PgoError> {
    let interrupt = Interrupt::install().map_err(BuildError::from)?;
    // 1.
    let toolchain = Toolchain::find()?;
    let directory = target_directory().join("pgo");
    let profiles = directory.join("profiles");
    let merged = directory.join("merged.profdata");
    let bench = Build::new("release", &["bench"]).run(&interrupt)?.remove(0);
    // 2.
    eprintln!("Building the gateway instrumented");
    let generate = format!("-Cprofile-generate={}", profiles.display());
    let instrumented = build(&directory, &toolchain, &generate, &interrupt)?;
    // 3.
    empty(&profiles)?;
    let mut command = Command::new(bench);
    command.args(["compare", "--only=gateway", "--rounds=1", "--workload", WORKLOADS]);
    command.args(["--seconds", &options.seconds.to_string()]).arg("--gateway").arg(instrumented);
    step("the run of the benchmarks", command, &interrupt)?;
    // 4.
    let counted = raw_profiles(&profiles)?;
    let mut command = Command::new(&toolchain.profdata);
    command.args(["merge", "--output"]).arg(&merged).args(counted);
    step("llvm-profdata merge", command, &interrupt)?;
    // 5.
    eprintln!("Building the gateway by its profile");
    build(&directory, &toolchain, &format!("-Cprofile-use={}", merged.display()), &interrupt)
}

/// A build of the gateway in a target directory of its own. `--target` keeps the flag from build scripts and macros,
/// which run here and now.
fn build(directory: &Path, toolchain: &Toolchain, flag: &str, interrupt: &Interrupt) -> Result<PathBuf, PgoError> {
    let flags = [env::var("RUSTFLAGS").unwrap_or_default(), flag.to_owned()].join(" ");
    let build = Build::new("dist", &["gateway"])
        .argument("--target")
        .argument(&toolchain.host)
        .argument("--target-dir")
        .argument(directory)
        .variable("RUSTFLAGS", flags.trim());
    Ok(build.run(interrupt)?.remove(0))
}

fn step(step: &'static str, mut command: Command, interrupt: &Interrupt) -> Result<(), PgoError> {
    let mut child = Child::spawn(step, &mut command)?;
    match child.wait(interrupt).map_err(BuildError::from)? {
        None => Err(PgoError::Interrupted),
        Some(status) if !status.success() => Err(PgoError::Failed { step, status }),
        Some(_) => Ok(()),
    }
}

/// Where cargo builds: `CARGO_TARGET_DIR`, which is relative to the working directory, or `target`.
fn target_directory() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
    let directory = named.unwrap_or_else(|| workspace::root().join("target"));
    // The profile's path is used by processes that run elsewhere.
    std::path::absolute(&directory).unwrap_or(directory)
}

fn empty(directory: &Path) -> Result<(), PgoError> {
    let io = |source| PgoError::Io { path: directory.to_owned(), source };
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    fs::create_dir_all(directory).map_err(io)
}

fn raw_profiles(directory: &Path) -> Result<Vec<PathBuf>, PgoError> {
    let io = |source| PgoError::Io { path: directory.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "profraw") {
            found.push(path);
        }
    }
    if found.is_empty() { Err(PgoError::NoProfile(directory.to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_profile_is_an_error() {
        let directory = env::temp_dir().join(format!("pgo-{}", std::process::id()));
        empty(&directory).unwrap();
        assert!(matches!(raw_profiles(&directory), Err(PgoError::NoProfile(_))));
        fs::write(directory.join("1.profraw"), "").unwrap();
        fs::write(directory.join("notes"), "").unwrap();
        assert_eq!(raw_profiles(&directory).unwrap(), [directory.join("1.profraw")]);
        fs::remove_dir_all(&directory).unwrap();
    }
}
