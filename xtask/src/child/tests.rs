use std::{path::Path, process::Stdio, sync::mpsc};

use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

/// A shell script with its output piped.
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts `script` and hands back the first line that it writes.
fn started(script: &str) -> (Child, String) {
    let mut child = Child::spawn("script", &mut shell(script)).unwrap();
    let (sender, lines) = mpsc::channel();
    child.follow(move |line| drop(sender.send(line.to_owned())));
    let line = lines.recv_timeout(DEADLINE).unwrap();
    (child, line)
}

/// Waits until no process `id` runs (one that ended, but that nobody has waited for yet, does not run).
fn assert_ends(id: &str) {
    let deadline = Instant::now() + DEADLINE;
    let stat = Path::new("/proc").join(id).join("stat");
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(Instant::now() < deadline, "process {id} still runs");
        thread::yield_now();
    }
}

#[test]
fn a_grandchild_ends_with_its_group() {
    let (mut child, grandchild) = started("sleep 600 & echo $!; wait");
    let status = child.stop(DEADLINE, || false).unwrap();
    assert!(!status.success());
    assert_ends(&grandchild);
}

#[test]
fn a_grandchild_that_ignores_sigterm_is_killed_with_its_group() {
    let (mut child, grandchild) = started("(trap '' TERM; exec sleep 600) & echo $!; wait");
    child.stop(DEADLINE, || false).unwrap();
    assert_ends(&grandchild);
}

#[test]
fn a_child_that_ignores_sigterm_is_killed_after_its_grace() {
    let (mut child, _) = started("trap '' TERM; echo ready; while :; do sleep 600; done");
    let begun = Instant::now();
    child.stop(Duration::from_millis(50), || false).unwrap();
    assert!(begun.elapsed() < DEADLINE);
}

#[test]
fn a_child_may_finish_its_work_within_the_grace() {
    let (mut child, _) = started("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    assert_eq!(child.stop(DEADLINE, || false).unwrap().code(), Some(7));
}

#[test]
fn a_dropped_child_is_gone() {
    let (child, id) = started("echo $$; exec sleep 600");
    drop(child);
    assert_ends(&id);
}

#[test]
fn a_child_dies_with_the_thread_that_started_it() {
    // A thread that ends stands for a parent that was killed: the kernel treats both alike, and nothing else
    // ends this child, which is leaked.
    let starter = || {
        let (child, id) = started("echo $$; exec sleep 600");
        std::mem::forget(child);
        id
    };
    let id = thread::spawn(starter).join().unwrap();
    assert_ends(&id);
}

#[test]
fn the_tail_and_the_status_of_one_that_ends_early() {
    let mut child = Child::spawn("script", &mut shell("echo out; echo why >&2; exit 3")).unwrap();
    child.follow(|_| ());
    assert_eq!(child.wait(&Interrupt::default()).unwrap().unwrap().code(), Some(3));
    let words = child.last_words();
    assert!(words.contains("    out\n") && words.contains("    why\n"), "{words}");
}

#[test]
fn a_missing_program_is_named() {
    let error = Child::spawn("user", &mut Command::new("/nowhere/user")).unwrap_err();
    assert!(error.to_string().starts_with("cannot start user (/nowhere/user)"), "{error}");
}

#[test]
fn a_wait_ends_at_the_interrupt() {
    let (mut child, _) = started("echo ready; exec sleep 600");
    let interrupt = Interrupt::default();
    interrupt.raise();
    assert!(child.wait(&interrupt).unwrap().is_none());
}
