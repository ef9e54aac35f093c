//! What an operator sees of the services in one process: each of their numbers and of their log lines names its service.
use std::collections::{BTreeMap, BTreeSet};

use e2e::eventually;
use serde_json::Value;

use crate::{
    api::get,
    support::{Mode, System},
};

const SERVICES: [&str; 5] = ["notification", "task", "ticket", "user", "vacancy"];

#[test]
fn the_monoliths_metrics_are_those_of_all_services() {
    let system = System::start(Mode::Monolith, &[]);
    let ada = system.newcomer("ada");
    assert_eq!(ada.get("/tasks").status(), 200);
    let text = get(system.admin_address(), "/metrics").text();
    for service in SERVICES {
        assert!(text.contains(&format!("\noutbox_waiting{{service=\"{service}\"}} ")), "{service} in {text}");
    }
    assert!(
        text.contains("\nhttp_requests_total{service=\"task\",route=\"/tasks\",method=\"GET\",status=\"200\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("\ngateway_requests_total{"), "and the gateway's own");
    let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap().0);
    let mut seen = BTreeSet::new();
    assert!(samples.into_iter().all(|series| seen.insert(series)), "a series is there twice: {text}");
    let mut types = BTreeMap::<&str, u32>::new();
    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        *types.entry(name.split(' ').next().unwrap()).or_default() += 1;
    }
    assert!(types.values().all(|times| *times == 1), "{types:?}");
}

#[test]
fn a_log_line_of_the_monolith_names_its_service() {
    let settings = [("JSON_LOGS", "true"), ("LOG_LEVEL", "info,kit=debug,user=debug,ticket=debug,vacancy=debug")];
    let mut system = System::start(Mode::Monolith, &settings);
    let ada = system.newcomer("ada");
    assert_eq!(ada.get("/tasks").status(), 200);
    assert_eq!(ada.get("/api/v1/available").status(), 200);
    let named = |line: &Value| {
        let spans = line["spans"].as_array().cloned().unwrap_or_default();
        spans.iter().rev().find_map(|span| span["service"].as_str().map(str::to_owned))
    };
    let lines = || -> Vec<Value> { system.said().lines().filter_map(|line| serde_json::from_str(line).ok()).collect() };
    eventually("lines of requests", || {
        let lines = lines();
        let answered = |service: &str| {
            let of = |line: &&Value| line["target"] == "kit::answered" && named(line).as_deref() == Some(service);
            lines.iter().any(|line| of(&line))
        };
        ["user", "task", "vacancy"].into_iter().all(answered).then_some(())
    });
    assert_eq!(system.stop(), Some(0));
    let (mut of_services, mut nameless) = (0, Vec::new());
    for line in system.last_said().iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some(target) = line["target"].as_str() else { continue };
        let part = target.split("::").next().unwrap();
        if part != "kit" && !SERVICES.contains(&part) {
            continue;
        }
        of_services += 1;
        match named(&line) {
            Some(service) if part == "kit" || part == service => {}
            _ => nameless.push(line),
        }
    }
    assert!(of_services > 10, "{of_services} lines");
    assert!(nameless.is_empty(), "{nameless:#?}");
}

#[test]
fn a_service_tells_the_mode() {
    let system = System::start(Mode::Microservices, &[]);
    let told = get(system.service_address("task"), "/health").json();
    assert_eq!((&told["mode"], &told["service"]), (&"microservices".into(), &"task".into()));
}
