//! What images are built from.
use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value;

use crate::{compose::Compose, dockerfile::Dockerfile, read, root};

const DOCKERFILES: [&str; 2] = ["Dockerfile.gateway", "Dockerfile.service"];

/// What cargo knows of the workspace: its members, each with its folder and the folders of those it depends on.
fn members() -> Vec<(String, String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output();
    let metadata: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let folder = |path: &str| Path::new(path).strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let member = |package: &Value| {
        let own = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_str().unwrap();
        // What only tests need is not built.
        let needed =
            package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"] != "dev");
        let needed = needed.filter_map(|dependency| dependency["path"].as_str()).map(folder).collect();
        (package["name"].as_str().unwrap().to_owned(), folder(own), needed)
    };
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

/// The folders of these packages and of all that they are built of.
fn sources(of: &str) -> BTreeSet<String> {
    let members = members();
    let mut found: BTreeSet<String> =
        members.iter().filter(|(name, ..)| name == of).map(|(_, own, _)| own.clone()).collect();
    loop {
        let needed = members.iter().filter(|(_, own, _)| found.contains(own)).flat_map(|(_, _, needed)| needed.clone());
        let more: BTreeSet<String> = needed.filter(|folder| !found.contains(folder)).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn is_in(path: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| *folder == "." || Path::new(path).starts_with(folder))
}

/// What .dockerignore lets through.
fn context() -> Vec<String> {
    read(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect()
}

#[test]
fn the_context_has_every_member_of_the_workspace_and_no_secret() {
    let ignored = read(".dockerignore");
    assert_eq!(ignored.lines().find(|line| !line.starts_with('#')), Some("*"), "everything is left out unless named");
    let context = context();
    let named: Vec<&str> = context.iter().map(String::as_str).collect();
    let members = members();
    assert!(members.len() > 5, "{members:?}");
    for (name, folder, _) in &members {
        assert!(is_in(folder, &named), "{name} is not in .dockerignore's list");
    }
    for needed in ["Cargo.toml", "Cargo.lock", "deploy/docker/recipe.sh"] {
        assert!(is_in(needed, &named), "{needed}");
    }
    for path in &named {
        assert!(root().join(path).exists(), ".dockerignore names {path}, which is not there");
    }
    for secret in [".env", "data", ".git", "target"] {
        assert!(!is_in(secret, &named), "{secret}");
    }
}

#[test]
fn an_image_has_the_sources_of_its_binary() {
    for (name, binary, container) in Compose::read().ours() {
        let path = container.dockerfile().unwrap();
        let file = Dockerfile::read(path);
        assert_eq!(file.copied("recipe"), ["."], "{path}: the recipe is of the whole workspace");
        let copied = file.copied("build");
        let sources = sources(&binary);
        assert!(!sources.is_empty(), "{name}: no package {binary}");
        for folder in sources {
            assert!(is_in(&folder, &copied), "{path} does not COPY {folder}, which {binary} is built of");
        }
    }
}

#[test]
fn what_is_copied_is_in_the_context() {
    let context = context();
    let named: Vec<&str> = context.iter().map(String::as_str).collect();
    for path in DOCKERFILES {
        let file = Dockerfile::read(path);
        for copied in ["build", ""].iter().flat_map(|stage| file.copied(stage)) {
            assert!(root().join(copied).exists() && is_in(copied, &named), "{path}: {copied}");
        }
    }
}

#[test]
fn the_dependencies_are_one_layer_for_all_images() {
    // Up to the line that compiles them the two files have to be the same.
    let layers = |path| {
        let file = Dockerfile::read(path);
        let [base, recipe] = ["rust", "recipe"].map(|stage| file.stage(stage, "RUN").join("\n"));
        let build = file.stage("build", "RUN")[0].to_owned();
        assert!(build.contains("--workspace --bins") && build.contains("--locked"), "{path}: {build}");
        // What is delivered is what is measured: each build is by that profile, and its folder is copied from.
        let text = read(path);
        assert_eq!(text.matches("cargo build ").count(), text.matches("cargo build --profile dist ").count(), "{path}");
        assert!(text.contains("target/dist/") && !text.contains("release"), "{path}");
        (file.all("FROM")[..3].join("\n"), base, recipe, file.stage("build", "COPY")[0].to_owned(), build)
    };
    assert_eq!(layers(DOCKERFILES[0]), layers(DOCKERFILES[1]));
}

#[test]
fn an_image_runs_as_nobody_and_knows_its_health() {
    for path in DOCKERFILES {
        let file = Dockerfile::read(path);
        let users = file.stage("", "USER");
        assert!(
            users.iter().all(|user| user.split(':').all(|id| id.parse::<u32>().unwrap() >= 10_000)),
            "{path}: {users:?}"
        );
        assert_eq!(users.len(), 1, "{path}");
        let check = file.healthcheck();
        let entry: Vec<String> = serde_json::from_str(file.stage("", "ENTRYPOINT")[0]).unwrap();
        assert_eq!((&check[0], check[1].as_str()), (&entry[0], "health"), "{path}");
    }
    assert_eq!(Dockerfile::read("Dockerfile.service").stage("build", "ARG"), ["SERVICE"]);
    // The toolchain is one that the workspace can be built by.
    let version =
        read("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ").map(str::to_owned)).unwrap();
    let from = format!("rust:{}-slim", version.trim_matches('"'));
    for path in DOCKERFILES {
        assert!(Dockerfile::read(path).all("FROM")[0].starts_with(&from), "{path} is not {from}");
    }
}

#[test]
fn every_image_is_of_one_version() {
    let mut images: Vec<String> = Compose::read()
        .containers
        .values()
        .filter_map(|container| container.get("image").as_str().map(str::to_owned))
        .collect();
    assert!(images.len() > 5);
    for path in DOCKERFILES {
        let file = Dockerfile::read(path);
        let own = ["rust", "recipe", "build"];
        let from = file.all("FROM").into_iter().map(|from| from.split(' ').next().unwrap());
        images.extend(from.filter(|image| !own.contains(image)).map(str::to_owned));
    }
    for image in images {
        let tag = image.rsplit('/').next().unwrap().split_once(':').map(|(_, tag)| tag);
        assert!(
            tag.is_some_and(|tag| tag.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())),
            "{image}"
        );
    }
}
