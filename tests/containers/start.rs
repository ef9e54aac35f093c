//! What starts after what, and how it is known to have started.
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

use e2e::{Gateway, Process, Run, Upstream, binary, eventually, service, write_file};

use crate::{
    compose::{Compose, Container},
    dockerfile::Dockerfile,
    known::services,
    read, root,
};

fn has_healthcheck(container: &Container) -> bool {
    let in_image = container.dockerfile().is_some_and(|path| !Dockerfile::read(path).healthcheck().is_empty());
    in_image || container.get("healthcheck")["test"].is_array()
}

#[test]
fn a_container_waits_for_health_that_is_checked() {
    let compose = Compose::read();
    let mut seen = 0;
    for (name, container) in &compose.containers {
        for (awaited, how) in container.get("depends_on").as_object().into_iter().flatten() {
            assert_eq!(how["condition"], "service_healthy", "{name} waits for {awaited}");
            let awaited = compose.containers.get(awaited).unwrap_or_else(|| panic!("{name}: there is no {awaited}"));
            assert!(has_healthcheck(awaited), "{name} waits for what has no health check");
            assert!(awaited.profiles().is_empty() || awaited.profiles() == container.profiles(), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 10);
    let waits = |name: &str| -> BTreeSet<String> {
        compose.containers[name].get("depends_on").as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(waits("gateway"), services(), "the gateway is last");
    for (name, ..) in compose.ours().filter(|(name, ..)| *name != "gateway") {
        assert!(waits(name).contains("postgres"), "{name}");
        // Who names no broker waits for none.
        let broker = compose.containers[name].told().contains_key("KAFKA_BOOTSTRAP_SERVERS");
        assert_eq!(waits(name).contains("kafka"), broker, "{name}");
    }
}

#[test]
fn the_monolith_is_started_instead_of_the_six() {
    let compose = Compose::read();
    for (name, container) in &compose.containers {
        let expected = match (container.dockerfile(), name.as_str()) {
            (None, _) => Vec::new(),
            (_, "monolith") => vec!["monolith".to_owned()],
            _ => vec!["microservices".to_owned()],
        };
        assert_eq!(container.profiles(), expected, "{name}");
    }
    for profile in ["microservices", "monolith"] {
        let running = compose.containers.values().filter(|container| {
            let profiles = container.profiles();
            profiles.is_empty() || profiles.contains(&profile.to_owned())
        });
        let published: Vec<u16> = running.flat_map(Container::ports).map(|(outside, _)| outside).collect();
        assert_eq!(
            published.iter().collect::<BTreeSet<_>>().len(),
            published.len(),
            "{profile}: a port is published twice"
        );
    }
    let shared = |name: &str| compose.containers[name].ports();
    assert_eq!(shared("monolith"), shared("gateway"), "they share their ports, so that they never share the databases");
}

#[test]
fn everything_that_is_mounted_is_there() {
    let compose = Compose::read();
    for (name, container) in &compose.containers {
        for mount in container.mounts() {
            if mount[0].starts_with('.') {
                assert!(root().join(&mount[0]).exists(), "{name}: {}", mount[0]);
                assert_eq!(mount[2], "ro", "{name}: {}", mount[0]);
            } else {
                assert!(compose.volumes.contains(&mount[0]), "{name}: the volume {} is not declared", mount[0]);
            }
        }
        let named = container.env_file().into_iter().chain(container.dockerfile());
        for path in named {
            assert!(root().join(path).is_file(), "{name}: {path}");
        }
    }
}

/// The health check of an image, to run against what listens here.
fn health(dockerfile: &str, name: &str, folder: &Path) -> Command {
    let check = Dockerfile::read(dockerfile).healthcheck();
    let mut command = Command::new(binary(name));
    command.args(&check[1..]).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

#[test]
fn the_gateways_health_check_tells_its_health() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "health = '/'");
    let (folder, file) =
        write_file(&format!("server.listen = '{}'\n{}", gateway.address, service("app", &[&upstream], "")));
    // By the variable, as the image names its file.
    let variable = Dockerfile::read("Dockerfile.gateway").stage("", "ENV").join(" ");
    assert!(variable.starts_with("GATEWAY_CONFIG="), "{variable}");
    let check = || Run::command(health("Dockerfile.gateway", "gateway", Path::new("/")).env("GATEWAY_CONFIG", &file));
    assert_eq!(check().code, Some(0), "{:?}", check());
    drop(gateway);
    assert_eq!(check().code, Some(1), "{:?}", check());
    drop(folder);
}

#[test]
fn a_services_health_check_tells_its_health() {
    for name in services() {
        let folder = tempfile::tempdir().unwrap();
        let check = |port: &str| {
            let mut command = health("Dockerfile.service", &name, folder.path());
            // As in the container, where it listens on all addresses.
            Run::command(command.env("HOST", "0.0.0.0").env("PORT", port))
        };
        let mut command = Command::new(binary(&name));
        let process = Process::spawn(command.current_dir(folder.path()).env_clear().env("PORT", "0"));
        let port = eventually(&format!("{name} listens"), || {
            let lines = process.stdout.all();
            let address =
                lines.iter().find_map(|line| line.split_once(" listening on http://").map(|(_, rest)| rest.to_owned()));
            address.map(|address| address.rsplit(':').next().unwrap().to_owned())
        });
        let run = check(&port);
        assert!(run.code == Some(0) && run.stdout.contains("\"healthy\""), "{name}: {run:?}");
        drop(process);
        let run = check(&port);
        assert!(run.code == Some(1) && run.stderr.contains("does not answer"), "{name}: {run:?}");
    }
}

#[test]
fn the_dashboard_shows_numbers_that_the_gateway_has() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    assert_eq!(gateway.get("/").status(), 200);
    // A request is counted when its end is seen, which may be after its answer is.
    let numbers = eventually("the request is counted", || {
        let numbers = gateway.admin("/metrics").text();
        numbers.contains("gateway_request_duration_seconds_bucket").then_some(numbers)
    });
    let dashboard = read("deploy/grafana/dashboards/system.json");
    let _: serde_json::Value = serde_json::from_str(&dashboard).expect("JSON");
    let words = dashboard.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let used: BTreeSet<&str> = words.filter(|word| word.starts_with("gateway_")).collect();
    assert!(used.len() > 3, "{used:?}");
    for name in used {
        let is_there =
            numbers.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        assert!(is_there, "the gateway has no {name}:\n{numbers}");
    }
}
