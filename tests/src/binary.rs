//! The binaries under test, built once a run.
use std::{
    collections::HashMap,
    env,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
};

use serde_json::Value;

/// The path of the workspace's binary `name`, built with the profile and into the target directory of this test.
///
/// Cargo sets `CARGO_BIN_EXE_*` for the tests of the same package only, so it is asked. It is asked for the whole
/// workspace, with a test among the targets, because that resolves every dependency to the features which
/// `cargo test --workspace` has built already: only the binary itself is left to be linked.
pub fn binary(name: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    built.get_or_insert_default().entry(name.into()).or_insert_with(|| build("bin", name)).clone()
}

/// The path of the gateway's example `name`, built likewise.
pub fn example(name: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    built.get_or_insert_default().entry(name.into()).or_insert_with(|| build("example", name)).clone()
}

/// Builds a target of this kind, `bin` or `example`.
fn build(kind: &str, name: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--workspace", "--test", "gateway", &format!("--{kind}"), name]);
    cargo.args(["--quiet", "--message-format=json-render-diagnostics", "--profile", &profile()]);
    let output = cargo.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo could not build the {kind} {name}");
    let messages = str::from_utf8(&output.stdout).expect("cargo prints JSON").lines();
    let artifacts = messages.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let paths =
        artifacts.filter(|artifact| artifact["target"]["name"] == name && artifact["target"]["kind"][0] == kind);
    let path = paths.filter_map(|artifact| artifact["executable"].as_str().map(PathBuf::from)).next_back();
    path.expect("cargo names what it has built")
}

/// The profile of this very test, read off where it lies: `target/PROFILE/deps/test`.
fn profile() -> String {
    let test = env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().nth(2).and_then(|folder| folder.file_name()).expect("target/PROFILE/deps");
    match folder.to_str().expect("a profile's name is ASCII") {
        "debug" => "dev".into(),
        profile => profile.into(),
    }
}
