//! The scripts of `deploy/`, run as they are.
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;

use crate::{known::services, read, root};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The names of the workspace's packages, and each other package that a build takes, with its features.
fn resolved(folder: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let cargo = |arguments: &[&str]| run(Command::new(env!("CARGO")).args(arguments).current_dir(folder));
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let names =
        metadata["packages"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap().to_owned());
    // A line of the workspace's own package ends with its folder, which differs.
    let tree =
        ["tree", "--workspace", "--locked", "--offline", "--prefix=none", "--edges=normal,build", "--format={p} {f}"];
    let tree = cargo(&tree);
    let others = tree.lines().filter(|line| !line.contains('/')).map(|line| line.trim_end_matches(" (*)").to_owned());
    (names.collect(), others.collect())
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let listed = run(Command::new("find").arg(".").args(["-name", "*.rs"]).current_dir(folder));
    listed.lines().map(|path| (path.to_owned(), fs::read_to_string(folder.join(path)).unwrap())).collect()
}

#[test]
fn the_recipe_has_every_dependency_and_no_code() {
    let folder = tempfile::tempdir().unwrap();
    run(Command::new(root().join("deploy/docker/recipe.sh")).arg(".").arg(folder.path()).current_dir(root()));
    let (members, others) = resolved(&root());
    assert!(members.len() > 5 && others.len() > 50, "{members:?} {others:?}");
    assert_eq!(resolved(folder.path()), (members, others));
    let files = rust_files(folder.path());
    assert!(files.len() > 5, "{files:?}");
    for (path, text) in files {
        assert!(matches!(text.as_str(), "" | "fn main() {}\n"), "{path} has code:\n{text}");
    }
}

#[test]
fn the_env_file_has_a_secret_of_its_own_in_each_empty_line() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = folder.path().join("deploy/docker");
    fs::create_dir_all(&scripts).unwrap();
    fs::copy(root().join(".env.example"), folder.path().join(".env.example")).unwrap();
    fs::copy(root().join("deploy/docker/env.sh"), scripts.join("env.sh")).unwrap();
    // By the shell: a file that was just written cannot be executed while another test starts a process.
    run(Command::new("sh").arg(scripts.join("env.sh")));
    let path = folder.path().join(".env");
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let example = read(".env.example");
    assert_eq!(written.lines().count(), example.lines().count());
    let mut secrets = BTreeSet::new();
    for (line, shown) in written.lines().zip(example.lines()) {
        // A comment shows what is off.
        if shown.ends_with('=') && !shown.starts_with('#') {
            let secret = line.strip_prefix(shown).unwrap();
            assert!(secret.len() == 48 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{shown}");
            assert!(secrets.insert(secret), "{shown} has another's secret");
        } else {
            assert_eq!(line, shown);
        }
    }
    assert!(secrets.len() > 8);
    let again = Command::new("sh").arg(scripts.join("env.sh")).output().unwrap();
    assert!(!again.status.success() && fs::read_to_string(&path).unwrap() == written, "it is left alone");
}

#[test]
fn every_service_has_a_database() {
    let script = read("deploy/postgres/init.sh");
    let line =
        script.lines().find_map(|line| line.strip_prefix("for service in ")).expect("the loop over the services");
    let made: BTreeSet<String> = line.trim_end_matches("; do").split(' ').map(str::to_owned).collect();
    assert_eq!(made, services());
}
