//! docker-compose.yml as data.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::read;

/// The whole file.
pub(crate) struct Compose {
    pub(crate) containers: BTreeMap<String, Container>,
    pub(crate) volumes: BTreeSet<String>,
}

/// One entry of `services`.
pub(crate) struct Container(Value);

impl Compose {
    pub(crate) fn read() -> Self {
        let file: Value = serde_saphyr::from_str(&read("docker-compose.yml")).expect("docker-compose.yml is YAML");
        let containers = file["services"].as_object().expect("there are services");
        let containers = containers.iter().map(|(name, value)| (name.clone(), Container(value.clone()))).collect();
        Self { containers, volumes: file["volumes"].as_object().unwrap().keys().cloned().collect() }
    }

    /// The containers of our own images, with the names of their binaries.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&str, String, &Container)> {
        let built = self.containers.iter().filter(|(_, container)| !container.0["build"].is_null());
        built.map(|(name, container)| (name.as_str(), container.binary(), container))
    }
}

impl Container {
    pub(crate) fn get(&self, key: &str) -> &Value {
        &self.0[key]
    }

    /// What its image is built from: `Dockerfile.gateway`.
    pub(crate) fn dockerfile(&self) -> Option<&str> {
        self.0["build"]["dockerfile"].as_str()
    }

    fn binary(&self) -> String {
        let service = self.0["build"]["args"]["SERVICE"].as_str();
        service.unwrap_or_else(|| self.dockerfile().unwrap().strip_prefix("Dockerfile.").unwrap()).to_owned()
    }

    /// Its `environment`, as written.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let pairs = self.0["environment"].as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), value.as_str().expect("a quoted value").to_owned())).collect()
    }

    /// The path of its `env_file`.
    pub(crate) fn env_file(&self) -> Option<&str> {
        self.0["env_file"].as_str()
    }

    /// Everything that it is told: the file, then its own environment, each `${NAME…}` with a value that fits.
    pub(crate) fn told(&self) -> BTreeMap<String, String> {
        let mut told = self.env_file().map(pairs).unwrap_or_default();
        told.extend(self.environment().into_iter().map(|(name, value)| (name, filled(&value))));
        told
    }

    /// `(on this machine, in the container)` for each published port.
    pub(crate) fn ports(&self) -> Vec<(u16, u16)> {
        let parse = |text: &String| {
            let (outside, inside) = text.trim_start_matches("127.0.0.1:").split_once(':').unwrap();
            (outside.parse().unwrap(), inside.parse().unwrap())
        };
        strings(&self.0["ports"]).iter().map(parse).collect()
    }

    pub(crate) fn profiles(&self) -> Vec<String> {
        strings(&self.0["profiles"])
    }

    /// The parts of each line of `volumes`.
    pub(crate) fn mounts(&self) -> Vec<Vec<String>> {
        let split = |text: &String| text.split(':').map(str::to_owned).collect();
        strings(&self.0["volumes"]).iter().map(split).collect()
    }
}

/// The lines `NAME=value` of a file.
pub(crate) fn pairs(path: &str) -> BTreeMap<String, String> {
    let text = read(path);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("{path}: {line}"))).map(owned).collect()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Every `${NAME…}` of a text: the name, and what stands behind it up to the brace.
pub(crate) fn references(text: &str) -> Vec<(&str, &str)> {
    let bodies = text.split("${").skip(1).map(|rest| rest.split_once('}').expect("a reference ends").0);
    bodies.map(|body| body.split_at(body.find(':').unwrap_or(body.len()))).collect()
}

/// Its references filled with something, but for those that may be left out (`:-`).
fn filled(text: &str) -> String {
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (reference, rest) = part.split_once('}').unwrap();
        text + if reference.ends_with(":-") { "" } else { "0123456789abcdef" } + rest
    })
}

/// A list of strings; nothing for none.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().expect("a string").to_owned()).collect()
}
