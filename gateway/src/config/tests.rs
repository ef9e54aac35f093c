//! What `gateway.toml` means, and what is said about one that means nothing.
mod faults;
mod meaning;
mod properties;
mod rendering;
mod schema;
mod secrets;

use super::{Config, Faults};

/// A service that nothing is wrong with.
const SERVICE: &str = "\n[services.user]\nupstreams = [\"http://127.0.0.1:8001\"]\nroutes = [\"/users\"]\n";

/// A file that has every key.
const EVERY_KEY: &str = include_str!("tests/every_key.toml");

/// The environment of the tests.
fn env(name: &str) -> Option<String> {
    match name {
        "PORT" => Some(String::from("8001")),
        "KEY_HASH" => Some("0123456789abcdef".repeat(4)),
        "PASSWORD" => Some(String::from("hunter2")),
        "JWT_SECRET" => Some("hunter2-".repeat(8)),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Config, Faults> {
    Config::parse("gateway.toml", text, &env)
}

#[track_caller]
fn sound(text: &str) -> Config {
    parse(text).unwrap_or_else(|faults| panic!("{text}\n{faults}"))
}

#[track_caller]
fn faulty(text: &str) -> Faults {
    match parse(text) {
        Ok(_) => panic!("this should be faulty:\n{text}"),
        Err(faults) => faults,
    }
}
