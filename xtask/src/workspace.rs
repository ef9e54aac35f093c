//! Where the repository is.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The root of the repository that this command was started in.
///
/// `cargo run` says at run time which package it runs; the path seen at compile time is only the fallback for a
/// binary started by hand, since a target directory may be shared by several worktrees.
pub fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_root_holds_the_workspace() {
        assert!(super::root().join("Cargo.lock").is_file());
        assert!(super::root().join("xtask/Cargo.toml").is_file());
    }
}
