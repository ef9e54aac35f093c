//! The layers' imports: what stands inside knows nothing of what stands outside.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// For each layer, what its files must not mention outside of comments.
const RULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "crate::application",
            "crate::api",
            "crate::infrastructure",
            "async ",
            ".await",
            "tokio",
            "axum",
            "sqlx",
            "serde",
            "utoipa",
            "kit::",
            "events::",
            "reqwest",
            "lettre",
            "tracing",
            "Timestamp::now",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    (
        "application",
        &[
            "crate::api",
            "crate::infrastructure",
            "axum",
            "sqlx",
            "serde",
            "utoipa",
            "kit::database",
            "kit::problem",
            "kit::json",
            "kit::query",
            "kit::identity",
            "kit::outbox",
            "kit::inbox",
            "Problem",
            "tokio",
            "reqwest",
            "lettre",
            "Timestamp::now",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    ("api", &["crate::infrastructure", "sqlx", "kit::database", "kit::outbox", "kit::inbox", "reqwest", "lettre"]),
    ("infrastructure", &["crate::api", "axum", "utoipa", "kit::problem", "kit::json", "Problem"]),
];

#[test]
fn no_layer_looks_outwards() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for (layer, forbidden) in RULES {
        let mut files = vec![source.join(format!("{layer}.rs"))];
        collect(&source.join(layer), &mut files);
        assert!(files.len() > 3, "the layer {layer} is not where this test looks");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for word in forbidden.iter().filter(|word| mentions(&text, word)) {
                broken.push(format!("{} mentions {word}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The infrastructure sees of the application its ports alone.
#[test]
fn the_infrastructure_knows_only_the_ports() {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/infrastructure"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let others = text.matches("crate::application").count();
        let ports = text.matches("crate::application::ports").count();
        assert_eq!(others, ports, "{} uses more than the ports", file.display());
    }
}

/// A service shares `kit` and `events`, and never another service.
#[test]
fn the_service_knows_no_other() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let local = manifest.lines().filter(|line| line.contains("path = "));
    let names: Vec<&str> = local.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["events", "kit", "kit"]);
}

/// Code and attributes, without comments.
fn mentions(text: &str, word: &str) -> bool {
    text.lines().any(|line| line.split("//").next().unwrap_or_default().contains(word))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
