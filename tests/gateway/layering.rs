//! DESIGN's invariants, read off the gateway's own text: who may import what.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The stages of the walk, in its order; `cluster` has `balance`, and `h1` is `edge`'s and `upstream`'s wire.
const STAGES: [&str; 10] =
    ["accept", "edge", "trace", "route", "permit", "transform", "cluster", "balance", "upstream", "respond"];

/// What composes the walk, or stands above it: these know the order.
const COMPOSITION: [&str; 7] = ["lib", "main", "gateway", "forward", "live", "run", "worker"];

/// Pages about the whole: they look at the stages, and walk none of them.
const PAGES: [&str; 3] = ["local", "admin", "openapi"];

/// Edges from one stage to another that have a reason.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    ("cluster", "upstream", "DESIGN: the one exception of the walk"),
    ("cluster", "balance", "the cluster's own child, beside it only because it is pure"),
    ("accept", "edge", "a connection that was accepted is handed to the edge: there is no walk yet"),
    ("permit", "transform", "an authoriser is told of a request by the rules by which an upstream is"),
    ("transform", "route", "what a route captured, and its rewrite, are values that it hands on"),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/src")
}

/// For each top-level module its files' code, without comments and unit tests.
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::<String, String>::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.ends_with("tests.rs") && !name.contains("tests/") && !name.ends_with("oracle.rs") {
                let module = name.split(['/', '.']).next().unwrap().to_owned();
                modules.entry(module).or_default().push_str(&code(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(modules.len() > 15, "the gateway's source is not where this test looks");
    modules
}

/// Without comments, and without what follows `#[cfg(test)]`, which ends every file that has it.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter_map(|line| line.split("//").next()).collect::<Vec<_>>().join("\n")
}

/// The top-level modules of the crate that `code` mentions: `crate::a`, and each of `crate::{a, b}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut words = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    c if depth == 0 => words.push(c),
                    _ => {}
                }
            }
            found.extend(words.split(',').map(first_word));
        } else {
            found.insert(first_word(rest));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[test]
fn imports_are_read_as_rust_reads_them() {
    let text = "use crate::{\n a::b,\n c::{d, e}, f,\n};\nlet x = crate::g::h;";
    let found: Vec<String> = imports(text).into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(found, ["a", "c", "f", "g"]);
}

#[test]
fn a_stage_imports_what_stands_beside_the_walk_alone() {
    let modules = modules();
    let mut broken = Vec::new();
    for stage in STAGES {
        let code = modules.get(stage).unwrap_or_else(|| panic!("the stage {stage} is gone: update this test"));
        for other in imports(code) {
            let is_stage = STAGES.contains(&other.as_str()) && other != stage;
            let excepted = EXCEPTIONS.iter().any(|&(from, to, _)| (from, to) == (stage, other.as_str()));
            if is_stage && !excepted {
                broken.push(format!("{stage} imports the stage {other}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_exception_is_needed() {
    let modules = modules();
    for (from, to, why) in EXCEPTIONS {
        assert!(imports(&modules[from]).contains(to), "{from} → {to} ({why}) is no longer there: strike it out");
    }
}

/// Whoever imports two stages or more knows an order: only the composition may.
#[test]
fn only_the_composition_knows_the_order() {
    let mut broken = Vec::new();
    for (module, code) in modules() {
        let stages: Vec<String> = imports(&code).into_iter().filter(|name| STAGES.contains(&name.as_str())).collect();
        let knows = COMPOSITION.iter().chain(&STAGES).chain(&PAGES).any(|known| *known == module);
        if stages.len() > 2 && !knows {
            broken.push(format!("{module} imports {stages:?}"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A clock, I/O, a runtime: none of it is a value.
const IMPURE: [&str; 11] = [
    "std::time",
    "Instant",
    "SystemTime",
    "tokio",
    "async ",
    ".await",
    "TcpStream",
    "UdpSocket",
    "std::fs",
    "tracing",
    "std::env",
];

#[test]
fn routing_and_balancing_are_pure() {
    let modules = modules();
    for module in ["route", "balance", "path"] {
        for word in IMPURE {
            assert!(!modules[module].contains(word), "{module} mentions {word}");
        }
    }
}

/// Stages say what is wrong; only `respond` and the gateway's own pages make answers.
#[test]
fn a_stage_builds_no_response() {
    let modules = modules();
    for stage in ["trace", "route", "permit", "transform", "cluster", "balance", "upstream"] {
        for word in ["Response::new", "Response::builder"] {
            assert!(!modules[stage].contains(word), "{stage} has {word}");
        }
    }
}

#[test]
fn the_gateway_knows_no_service_and_no_axum() {
    let manifest = fs::read_to_string(source().join("../Cargo.toml")).unwrap();
    for name in ["axum", "kit", "user", "task", "notification", "vacancy", "ticket", "events", "path ="] {
        let named = manifest.lines().any(|line| line.starts_with(name) || line.contains(&format!("{name} \"")));
        assert!(!named, "gateway/Cargo.toml has {name}");
    }
}
