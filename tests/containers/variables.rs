//! Every variable, port and address of docker-compose.yml is one that a binary knows.
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use e2e::{Process, Run, binary, eventually};

use crate::{
    compose::{Compose, Container, pairs},
    known::{ports, service_binaries, settings},
    read, root,
};

#[test]
fn every_binary_has_a_container() {
    let compose = Compose::read();
    let containers: BTreeSet<String> = compose.ours().map(|(_, binary, _)| binary).collect();
    let mut binaries = service_binaries();
    binaries.insert("gateway".to_owned());
    assert_eq!(containers, binaries);
    for (name, binary, _) in compose.ours() {
        assert_eq!(name, binary, "a container has the name of its binary");
    }
}

#[test]
fn every_variable_is_one_that_its_binary_reads() {
    let mut unread: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let compose = Compose::read();
    for (name, binary, container) in compose.ours() {
        let known = settings(&binary);
        for variable in container.environment().keys() {
            assert!(known.contains_key(variable), "{name} is told {variable}, which {binary} does not read");
        }
        // A file is shared: what one of them reads is known.
        let file = container.env_file().expect("an env_file");
        let missing = pairs(file).into_keys().filter(|variable| !known.contains_key(variable)).collect();
        unread
            .entry(file)
            .and_modify(|all| all.retain(|variable| BTreeSet::contains(&missing, variable)))
            .or_insert(missing);
    }
    assert!(unread.len() == 2, "{unread:?}");
    for (file, names) in unread {
        assert!(names.is_empty(), "{file} has {names:?}, which no container that uses it reads");
    }
}

#[test]
fn every_published_port_is_the_one_that_is_served() {
    for (name, binary, container) in Compose::read().ours() {
        let served = ports(&binary, &container.told());
        let published = container.ports();
        assert_eq!(published.iter().map(|(_, inside)| *inside).collect::<BTreeSet<_>>(), served, "{name}");
        for (outside, inside) in published {
            assert_eq!(outside, inside, "{name}: a port is the same on both sides");
        }
    }
}

#[test]
fn every_address_is_one_of_a_container() {
    let compose = Compose::read();
    let served: BTreeMap<&str, BTreeSet<u16>> =
        compose.ours().map(|(name, binary, container)| (name, ports(&binary, &container.told()))).collect();
    let mut seen = 0;
    for (name, _, container) in compose.ours() {
        for (variable, value) in container.told() {
            let Some((host, port)) = address(&value).filter(|(host, _)| *host != "0.0.0.0") else { continue };
            let other =
                compose.containers.get(host).unwrap_or_else(|| panic!("{name}: {variable} names {host}, no container"));
            assert!(runs_with(other, container), "{name}: {host} does not run in the same profile");
            match served.get(host) {
                Some(ports) => {
                    assert!(ports.contains(&port), "{name}: {variable}: {host} serves {ports:?}, not {port}");
                }
                None => assert!(
                    host == "postgres" && port == 5432 || host == "kafka" && port == 9092,
                    "{name}: {host}:{port}"
                ),
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "the addresses are not where this test looks");
}

/// `host:port` of a URL or of a lone address.
fn address(value: &str) -> Option<(&str, u16)> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split('/').next()?.rsplit('@').next()?;
    let (host, port) = authority.split_once(':')?;
    Some((host, port.parse().ok()?))
}

/// Whether `other` runs whenever `container` does.
fn runs_with(other: &Container, container: &Container) -> bool {
    other.profiles().is_empty() || other.profiles() == container.profiles()
}

#[test]
fn the_gateway_sends_each_service_its_requests() {
    let compose = Compose::read();
    let gateway = &compose.containers["gateway"];
    let run = |argument| {
        let mut command = Command::new(binary("gateway"));
        Run::command(command.arg(argument).current_dir(root()).env_clear().envs(gateway.told()))
    };
    assert_eq!(run("check").code, Some(0), "{:?}", run("check"));
    let routes = run("routes").stdout;
    for (name, binary, container) in compose.ours().filter(|(name, ..)| !matches!(*name, "gateway" | "monolith")) {
        let port = ports(&binary, &container.told()).pop_first().unwrap();
        let url = format!("http://{name}:{port}");
        assert!(routes.lines().any(|line| line.ends_with(&url)), "no route leads to {url}:\n{routes}");
    }
    assert!(!routes.contains("127.0.0.1"), "a route leads to the gateway's own container:\n{routes}");
}

/// Mail and webhooks are off until .env names them, and both profiles can have them.
#[test]
fn mail_and_webhooks_are_the_operators_choice() {
    // One variable is enough for the server, and a file would have to be mounted.
    let elsewhere = ["SMTP_URL", "SMTP_CA_FILE", "WEBHOOK_ALLOW_PRIVATE"];
    let is_choice = |name: &str| name.starts_with("SMTP_") || name.starts_with("WEBHOOK_");
    let known = settings("notification").into_keys();
    let expected: BTreeMap<String, String> = known
        .filter(|name| is_choice(name) && !elsewhere.contains(&name.as_str()))
        .map(|name| (name.clone(), format!("${{SYSTEM_{name}:-}}")))
        .collect();
    assert!(expected.contains_key("SMTP_PASSWORD") && expected.contains_key("WEBHOOK_SECRET"), "{expected:?}");
    let compose = Compose::read();
    for name in ["notification", "monolith"] {
        let mut told = compose.containers[name].environment();
        told.retain(|variable, _| is_choice(variable));
        assert_eq!(told, expected, "{name}");
    }
    // Left out of .env they are empty, with which the service starts, without those channels.
    let empty = compose.containers["notification"].told().into_iter().filter(|(name, _)| is_choice(name));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary("notification"));
    command.current_dir(folder.path()).env_clear().env("PORT", "0").envs(empty);
    let mut process = Process::spawn(&mut command);
    eventually("notification listens", || {
        assert!(process.is_running(), "{:?}", process.stderr.to_end());
        process.stdout.all().iter().any(|line| line.contains("notification listening on")).then_some(())
    });
}

#[test]
fn prometheus_asks_where_numbers_are() {
    let text = read("deploy/prometheus/prometheus.yml");
    let file: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    let jobs = file["scrape_configs"].as_array().unwrap();
    let job = |name: &str| jobs.iter().find(|job| job["job_name"] == name).unwrap();
    assert_eq!(job("gateway")["static_configs"][0]["targets"][0], "gateway:8900");
    let asked = job("services")["dns_sd_configs"].as_array().unwrap();
    let asked: BTreeMap<&str, u64> =
        asked.iter().map(|entry| (entry["names"][0].as_str().unwrap(), entry["port"].as_u64().unwrap())).collect();
    let compose = Compose::read();
    let ours = compose.ours().filter(|(name, ..)| !matches!(*name, "gateway" | "monolith"));
    let served: BTreeMap<&str, u64> = ours
        .map(|(name, binary, container)| (name, u64::from(ports(&binary, &container.told()).pop_first().unwrap())))
        .collect();
    assert_eq!(asked, served);
}
