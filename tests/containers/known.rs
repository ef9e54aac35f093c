//! What the binaries say of themselves by `--help`, and gateway.toml of the gateway.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
    sync::{Mutex, PoisonError},
};

use e2e::{Run, binary};

use crate::{compose::references, read, root};

/// The services and the monolith: the folders of `services/` that make a binary which is delivered. The
/// broker is for development alone.
pub(crate) fn service_binaries() -> BTreeSet<String> {
    let folders = fs::read_dir(root().join("services")).unwrap().map(|entry| entry.unwrap());
    let programs = folders.filter(|folder| folder.path().join("src/main.rs").is_file());
    programs.map(|folder| folder.file_name().into_string().unwrap()).filter(|name| name != "broker").collect()
}

/// The services that are processes of their own: all but the monolith.
pub(crate) fn services() -> BTreeSet<String> {
    let mut names = service_binaries();
    names.remove("monolith");
    names
}

/// The variables that a binary reads, each with its default (empty for none).
pub(crate) fn settings(name: &str) -> BTreeMap<String, String> {
    match name {
        "gateway" => gateway(),
        "monolith" => {
            let mut all = gateway();
            for service in services() {
                for (setting, default) in help(&service, &[]) {
                    all.insert(format!("{}_{setting}", service.to_uppercase()), default.clone());
                    all.insert(setting, default);
                }
            }
            all
        }
        service => help(service, &[]),
    }
}

fn gateway() -> BTreeMap<String, String> {
    let mut all = help("gateway", &["run"]);
    all.insert("GATEWAY_CONFIG".to_owned(), "gateway.toml".to_owned());
    let toml = read("gateway.toml");
    all.extend(
        references(&toml).into_iter().map(|(name, rest)| (name.to_owned(), rest.trim_start_matches(":-").to_owned())),
    );
    all
}

/// The lines `  NAME  what it does [default: x]` of `--help`.
fn help(name: &str, arguments: &[&str]) -> BTreeMap<String, String> {
    static KNOWN: Mutex<BTreeMap<String, BTreeMap<String, String>>> = Mutex::new(BTreeMap::new());
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
        return known.clone();
    }
    let run = Run::command(Command::new(binary(name)).args(arguments).arg("--help").env_clear());
    assert_eq!(run.code, Some(0), "{name}: {run:?}");
    let found: BTreeMap<String, String> = run.stdout.lines().filter_map(setting).collect();
    assert!(found.contains_key("LOG_LEVEL"), "{name} --help lists no settings where this test looks:\n{}", run.stdout);
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), found.clone());
    found
}

fn setting(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.strip_prefix("  ")?.split_once(' ')?;
    let is_name =
        name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let default = rest.split_once("[default: ").map_or("", |(_, default)| default.trim_end_matches(']'));
    is_name.then(|| (name.to_owned(), default.to_owned()))
}

/// The ports that a binary serves when it is told this.
pub(crate) fn ports(binary: &str, told: &BTreeMap<String, String>) -> BTreeSet<u16> {
    if !matches!(binary, "gateway" | "monolith") {
        let port = told.get("PORT").cloned().unwrap_or_else(|| settings(binary)["PORT"].clone());
        return BTreeSet::from([port.parse().unwrap()]);
    }
    let toml = read("gateway.toml");
    let listen = toml.lines().filter(|line| line.starts_with("listen"));
    listen
        .map(|line| fill(line.split('"').nth(1).unwrap(), told).rsplit(':').next().unwrap().parse().unwrap())
        .collect()
}

/// `${NAME:-default}` as the gateway fills it.
fn fill(text: &str, told: &BTreeMap<String, String>) -> String {
    let mut filled = text.to_owned();
    for (name, rest) in references(text) {
        let value = told.get(name).map_or(rest.trim_start_matches(":-"), String::as_str);
        filled = filled.replace(&format!("${{{name}{rest}}}"), value);
    }
    filled
}
