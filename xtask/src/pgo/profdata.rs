//! The tool that merges profiles. Its format changes with LLVM, so it must be of the same release as rustc's.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// What PGO needs to know of the compiler, and the tool that goes with it.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// The target triple of this machine.
    pub(super) host: String,
    /// A llvm-profdata of rustc's LLVM.
    pub(super) profdata: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ToolchainError {
    #[error("cannot learn rustc's LLVM version from `rustc -vV`: is rustc in PATH?")]
    Rustc,
    #[error(
        "no llvm-profdata of LLVM {major}, which is rustc's, was found (a version that differs cannot read its \
         profiles).\nInstall it by `apt-get install llvm-{major}` (apt.llvm.org has it where Debian does not), or by \
         `rustup component add llvm-tools`"
    )]
    Missing { major: u32 },
}

impl Toolchain {
    pub(super) fn find() -> Result<Self, ToolchainError> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let version = output(Path::new(&rustc), &["-vV"]).ok_or(ToolchainError::Rustc)?;
        let (host, major) = parse(&version).ok_or(ToolchainError::Rustc)?;
        let sysroot = output(Path::new(&rustc), &["--print", "sysroot"]).ok_or(ToolchainError::Rustc)?;
        let candidates = [
            PathBuf::from(format!("llvm-profdata-{major}")),
            PathBuf::from(format!("/usr/lib/llvm-{major}/bin/llvm-profdata")),
            Path::new(sysroot.trim()).join("lib/rustlib").join(&host).join("bin/llvm-profdata"),
            PathBuf::from("llvm-profdata"),
        ];
        let matches = |tool: &PathBuf| output(tool, &["--version"]).is_some_and(|text| is_of(&text, major));
        let profdata = candidates.into_iter().find(matches).ok_or(ToolchainError::Missing { major })?;
        Ok(Self { host, profdata })
    }
}

fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The host and the major version of LLVM in what `rustc -vV` prints.
fn parse(version: &str) -> Option<(String, u32)> {
    let field = |name: &str| version.lines().find_map(|line| line.strip_prefix(name));
    let major = field("LLVM version: ")?.split('.').next()?.parse().ok()?;
    Some((field("host: ")?.trim().to_owned(), major))
}

/// Whether a tool says that it is of LLVM `major`.
fn is_of(text: &str, major: u32) -> bool {
    let version = text.split_once("LLVM version ").map(|(_, version)| version);
    version.and_then(|version| version.split('.').next()?.parse().ok()) == Some(major)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let text = "rustc 1.95.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\nLLVM version: 22.1.2\n";
        assert_eq!(parse(text), Some(("x86_64-unknown-linux-gnu".to_owned(), 22)));
        assert_eq!(parse("rustc 1.95.0\n"), None);
        assert!(is_of("Debian LLVM version 22.1.8\n  Optimized build.\n", 22));
        assert!(!is_of("Debian LLVM version 14.0.6", 22));
        assert!(!is_of("llvm-profdata: Unknown command!", 22));
    }
}
