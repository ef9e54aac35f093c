//! What the monolith says of its settings, and what ends it.
use std::{
    net::TcpListener,
    process::{Command, Stdio},
};

use e2e::{Run, binary};

use crate::support::shipped;

fn monolith(toml: &str, variables: &[(&str, &str)]) -> (Run, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("gateway.toml"), toml).expect("the folder takes a file");
    let mut command = Command::new(binary("monolith"));
    command.current_dir(folder.path()).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    (Run::command(&mut command), folder)
}

#[test]
fn every_fault_of_the_file_and_of_the_settings_is_told_at_once() {
    let toml = shipped().replace("requests = 100", "request = 100");
    let (run, folder) =
        monolith(&toml, &[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("TASK_DATABASE_URL", "mysql://x")]);
    assert_eq!(run.code, Some(2));
    for told in ["request", "DATABASE_URL: expected not to be set", "USER_DATABASE_URL", "TASK_DATABASE_URL = \"mysql"]
    {
        assert!(run.stderr.contains(told), "{told} is not in {}", run.stderr);
    }
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    assert!(!folder.path().join("data").exists(), "it made a database all the same");
}

#[test]
fn a_taken_port_is_told_before_a_database_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let (run, folder) = monolith(&shipped().replace("0.0.0.0:8000", &address), &[]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("another process has this port"), "{}", run.stderr);
    assert!(!folder.path().join("data").exists(), "it made a database all the same");
}

#[test]
fn a_database_that_cannot_be_opened_names_its_service() {
    let toml = shipped().replace("0.0.0.0:8000", "127.0.0.1:0").replace("127.0.0.1:8900", "127.0.0.1:0");
    let (run, _folder) = monolith(&toml, &[("TICKET_DATABASE_URL", "sqlite://absent.db")]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("ticket: ") && run.stderr.contains("Check DATABASE_URL"), "{}", run.stderr);
}
