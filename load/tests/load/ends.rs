//! How a run ends: its exit status, and what it says.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    binary::{Ended, Run},
    server::{Reply, Request, Server},
    story::system,
};

/// The system, where `path` is answered so.
fn but(path: &'static str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    let system = system();
    Server::start(move |request: &Request| if request.path == path { reply() } else { system(request) })
}

#[test]
fn an_answer_that_is_not_expected_is_exit_1() {
    let server = but("/api/v1/available", || Reply(500, "", r#"{"code":"internal","detail":"out of luck"}"#.into()));
    let ended = Run::new().against(&server, &["--rate", "100"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("× GET /api/v1/available: 500, internal: out of luck"), "{}", ended.stdout);
    assert!(ended.stdout.contains("answered by a 5xx."), "{}", ended.stdout);

    let ended = Run::new().against(&server, &["--rate", "100", "--fail-on", "unexpected,unanswered"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let server = but("/tasks", || Reply(201, "", r#"{"no":"id"}"#.into()));
    let ended = Run::new().against(&server, &["--rate", "100"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("× POST /tasks: 201 without a value at /id"), "{}", ended.stdout);
}

#[test]
fn the_rate_limit_is_told_apart() {
    let policy = "ratelimit-policy: \"default\";q=100;w=60\r\nretry-after: 1\r\n";
    let server = but("/notifications", move || Reply(429, policy, r#"{"code":"rate_limited"}"#.into()));
    let ended = Run::new().against(&server, &["--rate", "100"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in ["refused by the rate limit (429)", "100 requests in 60 s", "--rate 1.66", "[rate_limit]"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("otherwise than the mix expects"), "{}", ended.stdout);
    let ended = Run::new().against(&server, &["--rate", "100", "--fail-on", "5xx,unexpected,unanswered"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_lost_answer_is_exit_1() {
    let server = but("/api/v1/available", || {
        thread::sleep(Duration::from_millis(700));
        Reply(200, "", "{}".into())
    });
    let ended = Run::new().against(&server, &["--rate", "100", "--timeout", "300ms"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("× GET /api/v1/available: timed out"), "{}", ended.stdout);
    assert!(ended.stdout.contains("without an answer."), "{}", ended.stdout);
}

#[test]
fn what_no_user_came_to_is_counted_too() {
    let server = but("/auth/login", || {
        thread::sleep(Duration::from_millis(700));
        Reply(200, "", r#"{"access_token":null}"#.into())
    });
    let arguments = ["--rate", "20", "--ramp", "0s", "--users", "1", "--timeout", "1s"];
    let ended = Run::new().against(&server, &arguments);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("× not begun: still waiting at the end"), "{}", ended.stdout);
    let all = ended.stdout.lines().find(|line| line.trim_start().starts_with("all ")).unwrap();
    assert_eq!(all.split_whitespace().nth(1), Some("20"), "every step that was due: {all}");
}

#[test]
fn nothing_there_is_exit_2() {
    let gone = Server::start(system()).url();
    let run = Run::new();
    let ended = run.run(&["--url", &gone]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("nothing answers at http://127.0.0.1:"), "{}", ended.stderr);
    assert!(ended.stderr.contains("cargo xtask up"), "{}", ended.stderr);
    assert!(!run.report().exists());
}

#[test]
fn bad_arguments_are_exit_2() {
    let check = |arguments: &[&str], message: &str| {
        let ended = Run::new().run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(message), "{ended:?}");
    };
    check(&["--users", "0"], "--users");
    check(&["--url", "127.0.0.1:8000"], "expected");
    check(&["--url", "http://127.0.0.1:8000/api"], "a host and a port");
    check(&["--url", "http://me:secret@127.0.0.1"], "a host and a port");
    check(&["--url", "ftp://127.0.0.1"], "expected http or https");
    check(&["--rate", "50000", "--duration", "1h"], "at most 5000000");
    check(&["--mix", "absent.toml"], "cannot read absent.toml");
    check(&["--report", "absent/load.html"], "cannot write absent/load.html");
}

#[test]
fn every_fault_of_a_mix_is_told_at_once() {
    let run = Run::new();
    run.file(
        "mix.toml",
        "[[step]]\nmethod = 'FETCH'\npath = '/a'\n[[step]]\nmethod = 'GET'\npath = '/{b}'\nwieght = 2\n",
    );
    let ended = run.run(&["--mix", "mix.toml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in
        ["mix.toml:2:10", "expected GET", "mix.toml:7:1", "did you mean `weight`?", "no step above captures `{b}`"]
    {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

#[test]
fn a_signal_ends_the_run_with_its_report() {
    let server = Server::start(system());
    let run = Run::new();
    let child = run.spawn(&["--url", &server.url(), "--duration", "1h", "--rate", "100", "--ramp", "0s"]);
    let deadline = Instant::now() + Duration::from_mins(2);
    while server.seen() < 30 {
        assert!(Instant::now() < deadline, "nothing was asked");
        thread::yield_now();
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let ended = Ended::of(&child.wait_with_output().unwrap());
    assert!(Instant::now() < deadline);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("Ended early by a signal."), "{}", ended.stdout);
    assert!(std::fs::read_to_string(run.report()).unwrap().contains("ended early"));
}
