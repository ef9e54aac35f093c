//! No secret is written down, and none is left to a default.
use std::collections::BTreeSet;

use crate::{
    compose::{Compose, pairs, references},
    known::{service_binaries, settings},
    read,
};

fn is_secret(name: &str) -> bool {
    ["PASSWORD", "SECRET", "TOKEN", "AUTH"].iter().any(|word| name.contains(word))
}

#[test]
fn every_secret_comes_from_the_environment() {
    let mut seen = 0;
    for (name, container) in &Compose::read().containers {
        for (variable, value) in container.environment() {
            if is_secret(&variable) {
                let whole = value.starts_with("${") && value.ends_with('}');
                assert!(whole && references(&value).len() == 1, "{name}: {variable} is written down");
                seen += 1;
            }
            // Of a URL that names a user, the password.
            if let Some((user, _)) = value.rsplit_once('@').filter(|_| value.contains("://")) {
                let password = user.rsplit_once("//").unwrap().1.split_once(':').unwrap().1;
                assert!(password.starts_with("${"), "{name}: {variable} has a password written down");
                seen += 1;
            }
        }
        for (variable, _) in container.env_file().map(pairs).into_iter().flatten() {
            assert!(!is_secret(&variable), "{name}: {variable} is in a file of the repository");
        }
    }
    assert!(seen > 20, "the secrets are not where this test looks");
}

#[test]
fn every_variable_to_be_filled_is_in_the_example() {
    let compose = read("docker-compose.yml");
    let code: String =
        compose.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let (mut used, mut optional) = (BTreeSet::new(), BTreeSet::new());
    for (name, rest) in references(&code) {
        if rest == ":-" {
            optional.insert(name.to_owned());
        } else {
            assert!(rest.starts_with(":?"), "${{{name}{rest}}}: what is not set has to be told");
            used.insert(name.to_owned());
        }
    }
    let example = pairs(".env.example");
    let profile = "COMPOSE_PROFILES".to_owned();
    assert_eq!(example.get(&profile).map(String::as_str), Some("microservices"), "`docker compose up` starts the six");
    let shown: BTreeSet<String> = example.keys().filter(|name| **name != profile).cloned().collect();
    assert_eq!(used, shown);
    // A line that is no comment would get a random value by env.sh.
    let example_text = read(".env.example");
    let off = example_text.lines().filter_map(|line| line.strip_prefix('#')?.strip_suffix('='));
    assert_eq!(optional, off.map(str::to_owned).collect());
    for (name, value) in &example {
        assert_eq!(is_secret(name), value.is_empty(), ".env.example: {name}");
    }
}

/// A service takes .env of its working directory for its settings, and the repository's root is that of `cargo xtask up`.
#[test]
fn no_variable_of_the_env_file_is_a_setting_of_a_service() {
    let example = pairs(".env.example");
    for binary in service_binaries() {
        let settings = settings(&binary);
        for name in example.keys() {
            assert!(!settings.contains_key(name), "{binary} would read {name} from .env");
        }
    }
}

#[test]
fn the_env_file_is_never_committed() {
    assert!(read(".gitignore").lines().any(|line| line == "/.env"));
}
