//! The layers of a service hold: what a file may use is read off its text.

use std::fs;
use std::path::{Path, PathBuf};

/// A service's layers, and for each what its files must not mention outside of comments and tests.
pub type Rules = [(&'static str, &'static [&'static str])];

/// Asserts that the service whose manifest is in the folder `manifest` keeps `rules`, that its infrastructure
/// sees of the application its ports alone, and that it knows no other service.
pub fn hold(manifest: &str, rules: &Rules) {
    let manifest = Path::new(manifest);
    let mut broken = Vec::new();
    for (layer, forbidden) in rules {
        for (file, code) in files(manifest, layer) {
            let lines = || code.lines().map(|line| line.split("//").next().unwrap_or_default());
            let mentioned = forbidden.iter().filter(|word| lines().any(|line| line.contains(**word)));
            broken.extend(mentioned.map(|word| format!("{} mentions {word}", file.display())));
        }
    }
    for (file, code) in files(manifest, "infrastructure") {
        if code.matches("crate::application").count() != code.matches("crate::application::ports").count() {
            broken.push(format!("{} uses more of the application than its ports", file.display()));
        }
    }
    broken.extend(strangers(manifest));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The files of a layer with their code, but for what is compiled for tests alone at their end.
fn files(manifest: &Path, layer: &str) -> Vec<(PathBuf, String)> {
    let source = manifest.join("src");
    let mut paths = vec![source.join(format!("{layer}.rs"))];
    collect(&source.join(layer), &mut paths);
    assert!(paths.len() >= 3, "the layer {layer} is not where this looks");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file can be read");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (path, code)
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a layer is a folder") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// What the product, as opposed to its tests, shares with this workspace beside `events` and `kit`.
fn strangers(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest.join("Cargo.toml")).expect("the manifest can be read");
    let (product, _) = text.split_once("[dev-dependencies]").expect("a service has tests");
    let local: Vec<&str> = product.lines().filter(|line| line.contains("path = ")).collect();
    assert!(!local.is_empty(), "the dependencies are not where this looks");
    let ours = ["events = { path = \"../events\" }", "kit = { path = \"../kit\" }"];
    let strange = local.into_iter().filter(|line| !ours.contains(line));
    strange.map(|line| format!("the manifest has {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &Rules = &[("domain", &["tokio"]), ("infrastructure", &["axum"])];

    /// What is found in a service whose domain and infrastructure have a file of this code each, and whose
    /// manifest has this line.
    fn found(domain: &str, infrastructure: &str, manifest: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (layer, code) in [("domain", domain), ("infrastructure", infrastructure)] {
            fs::create_dir_all(folder.path().join("src").join(layer).join("deep")).unwrap();
            let source = folder.path().join("src");
            fs::write(source.join(format!("{layer}.rs")), "").unwrap();
            fs::write(source.join(layer).join("empty.rs"), "").unwrap();
            fs::write(source.join(layer).join("deep/part.rs"), code).unwrap();
        }
        let manifest =
            format!("kit = {{ path = \"../kit\" }}\n{manifest}\n[dev-dependencies]\nuser = {{ path = \"x\" }}");
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let held = std::panic::catch_unwind(|| hold(folder.path().to_str().unwrap(), RULES));
        held.err().map_or_else(String::new, |panic| panic.downcast_ref::<String>().unwrap().clone())
    }

    #[test]
    fn what_looks_outwards_is_found() {
        fn check(domain: &str, infrastructure: &str, manifest: &str, expected: &str) {
            let found = found(domain, infrastructure, manifest);
            assert!(found.ends_with(expected) && found.is_empty() == expected.is_empty(), "{found}");
        }
        check("use std::fmt;", "use crate::application::ports::Store;", "", "");
        check("// tokio\n", "", "", "");
        check("use std::fmt;\n#[cfg(test)]\nmod tests {\n use tokio::test;\n}", "", "", "");
        check("use tokio::sync::Mutex; // why", "", "", "part.rs mentions tokio");
        check("", "#[cfg(test)]\nmod contract;\nuse axum::Router;", "", "part.rs mentions axum");
        check("", "use crate::application::Application;", "", "part.rs uses more of the application than its ports");
        let user = "user = { path = \"../user\" }";
        check("", "", user, "the manifest has user = { path = \"../user\" }");
    }
}
