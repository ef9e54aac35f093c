//! The scripts of `deploy/`, run as they are.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{known::services, read, root};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn metadata(folder: &Path) -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1"]).current_dir(folder);
    serde_json::from_str(&run(&mut cargo)).unwrap()
}

/// Each package that a build needs, with the features that it is built with.
fn resolved(metadata: &Value) -> BTreeMap<String, Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let of_others = nodes.iter().filter(|node| !node["id"].as_str().unwrap().starts_with("path+"));
    of_others.map(|node| (node["id"].as_str().unwrap().to_owned(), node["features"].clone())).collect()
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let listed = run(Command::new("find").arg(".").args(["-name", "*.rs"]).current_dir(folder));
    listed.lines().map(|path| (path.to_owned(), fs::read_to_string(folder.join(path)).unwrap())).collect()
}

#[test]
fn the_recipe_has_every_dependency_and_no_code() {
    let folder = tempfile::tempdir().unwrap();
    run(Command::new(root().join("deploy/docker/recipe.sh")).arg(".").arg(folder.path()).current_dir(root()));
    let (whole, recipe) = (metadata(&root()), metadata(folder.path()));
    let members = |metadata: &Value| -> BTreeSet<String> {
        metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|package| package["source"].is_null())
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(members(&whole), members(&recipe));
    assert!(members(&whole).len() > 5);
    assert_eq!(resolved(&whole), resolved(&recipe));
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
    run(&mut Command::new(scripts.join("env.sh")));
    let path = folder.path().join(".env");
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let example = read(".env.example");
    assert_eq!(written.lines().count(), example.lines().count());
    let mut secrets = BTreeSet::new();
    for (line, shown) in written.lines().zip(example.lines()) {
        if shown.ends_with('=') {
            let secret = line.strip_prefix(shown).unwrap();
            assert!(secret.len() == 48 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{shown}");
            assert!(secrets.insert(secret), "{shown} has another's secret");
        } else {
            assert_eq!(line, shown);
        }
    }
    assert!(secrets.len() > 8);
    let again = Command::new(scripts.join("env.sh")).output().unwrap();
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
