//! The command line, as SPEC §1 has it.
use std::{fs, path::Path};

use e2e::{Gateway, Run, Upstream, gateway, ok, with_body, write_file};

const SOUND: &str = "
[services.user]
upstreams = ['http://127.0.0.1:8001']
routes = ['/users', 'GET /users/{id}', '/users/me$', { match = '/', host = 'api.example.com' }, '~/x/.*']
";

/// Five faults, each on a line of its own.
const FAULTY: &str = "[server]
listen = '0.0.0.0:99999'
wrokers = 2

[services.user]
upstreams = ['http://127.0.0.1:8001']
health = { path = '/health', interval = '5 parsecs' }
routes = ['/users', '/users']

[services.empty]
upstreams = ['http://127.0.0.1:8002']
";

#[test]
fn a_sound_file_is_said_to_be_sound() {
    let (folder, _) = write_file(SOUND);
    let run = Run::of(folder.path(), &["check"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let run = Run::of(folder.path(), &["check", "--format", "json"]);
    assert_eq!((run.code, run.stdout.trim(), run.stderr.as_str()), (Some(0), "[]", ""));
}

#[test]
fn every_fault_is_shown_at_once_with_its_place() {
    let (folder, _) = write_file(FAULTY);
    for (command, code) in [("check", 1), ("run", 2), ("routes", 1)] {
        let run = Run::of(folder.path(), &[command]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(code), ""), "{command}: {run:?}");
        for expected in [
            "99999",
            "wrokers",
            "workers",
            "5 parsecs",
            "'/users'",
            "empty",
            "gateway.toml:2:",
            "gateway.toml:3:1",
            "gateway.toml:7:",
        ] {
            assert!(run.stderr.contains(expected), "{command}: no {expected} in\n{}", run.stderr);
        }
    }
}

#[test]
fn faults_are_json_for_machines() {
    let (folder, _) = write_file(FAULTY);
    let run = Run::of(folder.path(), &["check", "--format", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{run:?}");
    let faults: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
    assert!(faults.len() >= 5, "{faults:#?}");
    for fault in &faults {
        let mut keys: Vec<&str> = fault.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["code", "column", "file", "help", "line", "message"]);
        assert!(fault["line"].as_u64() > Some(0) && fault["column"].as_u64() > Some(0), "{fault}");
        assert!(fault["file"].as_str().unwrap().ends_with("gateway.toml"), "{fault}");
    }
    let unknown = faults.iter().find(|fault| fault["line"] == 3).expect("the unknown key");
    assert!(unknown["help"].as_str().unwrap().contains("workers"), "{unknown}");
    assert_eq!(unknown["column"], 1);
}

#[test]
fn a_missing_file_is_1_for_check_and_2_for_run() {
    let folder = tempfile::tempdir().unwrap();
    for (command, code) in [("check", 1), ("run", 2)] {
        let run = Run::of(folder.path(), &[command]);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stderr.contains("gateway.toml"), "{run:?}");
    }
    let run = Run::of(folder.path(), &["check", "--config", "elsewhere.toml"]);
    assert!(run.code == Some(1) && run.stderr.contains("elsewhere.toml"), "{run:?}");
    fs::create_dir(folder.path().join("gateway.toml")).unwrap();
    assert_eq!(Run::of(folder.path(), &["check"]).code, Some(1), "a folder is no file");
}

#[test]
fn a_file_that_is_no_toml_or_no_text_is_a_fault() {
    for bytes in [&b"[services"[..], b"\xff\xfe", b"a = 1\0", b""] {
        let (folder, file) = write_file("");
        fs::write(file, bytes).unwrap();
        let run = Run::of(folder.path(), &["check"]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("gateway.toml"), "{run:?}");
    }
}

#[test]
fn routes_are_printed_as_written_in_match_order() {
    let (folder, _) = write_file(SOUND);
    let run = Run::of(folder.path(), &["routes"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let at = |pattern: &str| {
        let line = run.stdout.lines().position(|line| line.trim_start().starts_with(pattern));
        line.unwrap_or_else(|| panic!("no {pattern} in\n{}", run.stdout))
    };
    let order = [at("/ "), at("/users/me$"), at("GET /users/{id}"), at("/users "), at("~/x/.*")];
    assert!(order.is_sorted(), "{order:?}\n{}", run.stdout);
}

#[test]
fn routes_tell_who_may_pass() {
    let keys = "[[jwt]]\nissuer = 'a'\nsecret = '01234567890123456789012345678901'\n";
    let service = "[services.a]\nupstreams = 'http://a'\n";
    let routes = "routes = ['/a', { match = '/b', auth = 'none' }, { match = '/c', scopes = ['x', 'y'] }]";
    for (file, expected) in [
        (format!("{keys}{service}{routes}\n"), ["required", "none", "required x y"]),
        (format!("{service}routes = ['/a', '/b', '/c']\n"), ["none"; 3]),
    ] {
        let (folder, _) = write_file(&file);
        let run = Run::of(folder.path(), &["routes"]);
        let start = run.stdout.lines().next().and_then(|line| line.find("AUTH")).expect("a column of its own");
        let told = run.stdout.lines().skip(1).map(|line| line[start..].split("  ").next().unwrap_or_default());
        assert_eq!(told.collect::<Vec<_>>(), expected, "{}", run.stdout);
    }
}

#[test]
fn the_schema_is_one_that_editors_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::of(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, Some(0));
    assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"));
    for key in ["server", "admin", "defaults", "services"] {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
}

#[test]
fn help_and_version_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let help = Run::of(folder.path(), &["--help"]);
    assert_eq!(help.code, Some(0));
    for command in ["run", "check", "routes", "schema", "api-key"] {
        assert!(help.stdout.contains(command), "{command}");
        assert_eq!(Run::of(folder.path(), &[command, "--help"]).code, Some(0));
    }
    let version = Run::of(folder.path(), &["--version"]);
    assert!(version.code == Some(0) && version.stdout.starts_with("gateway "), "{version:?}");
    for arguments in [&["frob"][..], &["run", "--frob"], &[]] {
        let run = Run::of(folder.path(), arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    }
}

#[test]
fn the_file_is_named_by_option_before_environment_before_default() {
    let (folder, _) = write_file(FAULTY);
    let (other, sound) = write_file(SOUND);
    let check = |environment: Option<&Path>, option: Option<&Path>| {
        let mut command = gateway(folder.path());
        command.arg("check").envs(environment.map(|file| ("GATEWAY_CONFIG", file)));
        option.inspect(|file| drop(command.arg("--config").arg(file).get_args()));
        Run::command(&mut command).code
    };
    let missing = other.path().join("missing.toml");
    assert_eq!(check(None, None), Some(1));
    assert_eq!(check(Some(&sound), None), Some(0));
    assert_eq!(check(Some(&missing), Some(&sound)), Some(0));
    assert_eq!(check(Some(&sound), Some(&missing)), Some(1));
}

#[test]
fn values_come_from_the_environment_and_are_not_printed_back() {
    let toml = "[services.user]\nupstreams = ['http://${UP_HOST:-127.0.0.1}:${UP_PORT}']\nroutes = ['/users']\n";
    let (folder, _) = write_file(toml);
    let check = |pairs: &[(&str, &str)]| Run::command(gateway(folder.path()).arg("check").envs(pairs.iter().copied()));
    assert_eq!(check(&[("UP_PORT", "8001")]).code, Some(0));
    assert_eq!(check(&[("UP_PORT", "8001"), ("UP_HOST", "user-1")]).code, Some(0));
    let missing = check(&[]);
    assert!(missing.code == Some(1) && missing.stderr.contains("UP_PORT"), "{missing:?}");
    let secret = check(&[("UP_PORT", "s3cr3t")]);
    assert!(secret.code == Some(1) && !secret.stderr.contains("s3cr3t"), "shown as written: {secret:?}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let (folder, _) = write_file(SOUND);
    let mut child = gateway(folder.path()).arg("schema").stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What frames a message and what is about one connection is the gateway's own.
#[test]
fn a_field_rule_cannot_break_the_framing() {
    let code = |rule: &str| {
        let (folder, _) = write_file(&format!("{SOUND}request_headers = {{ {rule} }}\n"));
        Run::of(folder.path(), &["check"]).code
    };
    assert_eq!(code("set = { X-A = '1' }"), Some(0));
    for name in ["Content-Length", "transfer-encoding", "connection", "upgrade", "te", "host"] {
        for rule in
            [format!("set = {{ {name} = 'x' }}"), format!("add = {{ {name} = 'x' }}"), format!("remove = ['{name}']")]
        {
            assert_eq!(code(&rule), Some(1), "{rule}");
        }
    }
}

/// `gateway health` with the file of a gateway that listens there.
fn health_of(gateway: &Gateway) -> Run {
    let service = "[services.app]\nupstreams = ['http://127.0.0.1:1']\nroutes = ['/']";
    let (folder, _) = write_file(&format!("server.listen = '{}'\n{service}", gateway.address));
    Run::of(folder.path(), &["health"])
}

#[test]
fn health_is_what_the_running_gateway_answers() {
    let upstream = Upstream::answering(|request| match request.target() {
        "/bad" => with_body("503 x", b""),
        _ => ok(),
    });
    let gateway = Gateway::with("", &upstream, "health = '/good'");
    let run = health_of(&gateway);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with(r#"{"status":"healthy""#), "{run:?}");

    let gateway = Gateway::with("", &upstream, "health = '/bad'");
    let run = health_of(&gateway);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.stderr.contains("503") && run.stderr.contains("unhealthy"), "{run:?}");
}

#[test]
fn health_is_bad_where_nobody_answers() {
    let (folder, _) = write_file(SOUND);
    fs::write(folder.path().join("gateway.toml"), format!("server.listen = '127.0.0.1:1'\n{SOUND}")).unwrap();
    let run = Run::of(folder.path(), &["health"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("127.0.0.1:1"), "{run:?}");
    fs::write(folder.path().join("gateway.toml"), format!("server.listen = '127.0.0.1:0'\n{SOUND}")).unwrap();
    let run = Run::of(folder.path(), &["health"]);
    assert!(run.code == Some(1) && run.stderr.contains("port 0"), "{run:?}");
}
