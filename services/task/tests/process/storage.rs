//! A disk that is full, a file that nobody may write, a file that is damaged: on the real binary, with the
//! system's own refusals.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kit::database::{Database, DatabaseSettings};
use tokio::process::Command;

use crate::support::{DEADLINE, Process, command, get, make_task, post, start, start_as};

/// What the database says of itself beside the rows: what a test compares before and after.
async fn count(file: &Path) -> (i64, i64) {
    // Of a copy: the disk may be another name space's, where SQLite would go astray.
    let folder = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", file.display()), folder.path().join(format!("task.db{suffix}"))).unwrap();
    }
    let database = Database::open(&DatabaseSettings::at(folder.path().join("task.db"))).await.unwrap();
    let mut connection = database.read().await.unwrap();
    let query = "SELECT (SELECT count(*) FROM tasks),
        (SELECT count(*) FROM outbox WHERE topic = 'task.events')";
    let counted = sqlx::query_as(query).fetch_one(&mut *connection).await.unwrap();
    drop(connection);
    database.close().await;
    counted
}

/// The exit code and what it says of a start that fails.
async fn failed_start(mut command: Command) -> String {
    let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("it did not end").unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("task: "), "{stderr}");
    stderr
}

fn assert_told(text: &str, told: &[&str]) {
    for told in told {
        assert!(text.contains(told), "{told} is not in {text}");
    }
}

#[tokio::test]
async fn a_damaged_file_ends_the_start_and_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/task.db");
    fs::create_dir(file.parent().unwrap()).unwrap();
    let garbage = "Not a database, whatever its name says.\n".repeat(500);
    fs::write(&file, &garbage).unwrap();
    let mut start = command(folder.path());
    start.env("PORT", "0");
    let stderr = failed_start(start).await;
    assert_told(&stderr, &["data/task.db", "not a database", "restore it from a backup"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), garbage);
}

/// A start as a user that may read `file` and not write it: root may write everything, and so becomes nobody,
/// with a copy of the binary where nobody finds it.
fn as_another(folder: &Path) -> Command {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut start = Command::new(env!("CARGO_BIN_EXE_task"));
    if root {
        let binary = folder.join("task");
        // By a process of its own: another test's fork would hold a file open that is written here, and nothing runs a file
        // that somebody writes (ETXTBSY).
        let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_task")).arg(&binary).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        start = Command::new(binary);
        start.uid(65_534).gid(65_534);
    }
    start.current_dir(folder).env_clear().env("PORT", "0").kill_on_drop(true);
    start
}

#[tokio::test]
async fn a_file_or_a_folder_that_nobody_may_write_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // A database that is up to date, so that the start has nothing to write but its first event.
    let mut before = start(folder.path(), &[]).await;
    before.signal(15);
    assert_eq!(before.exit().await, Some(0));
    let file = data.join("task.db");
    let modes = |of_file, of_folder| {
        fs::set_permissions(&file, fs::Permissions::from_mode(of_file)).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(of_folder)).unwrap();
    };

    modes(0o444, 0o777);
    let stderr = failed_start(as_another(folder.path())).await;
    assert_told(&stderr, &["data/task.db", "readonly database", "must be able to write the file and its folder"]);

    modes(0o666, 0o555);
    let stderr = failed_start(as_another(folder.path())).await;
    assert_told(&stderr, &["data/task.db", "must be able to write the file and its folder"]);

    // A folder that has none, and where none can be made.
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    fs::remove_file(&file).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    let stderr = failed_start(as_another(folder.path())).await;
    assert_told(&stderr, &["cannot create the database data/task.db", "must be able to write"]);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The status line's number and the body.
fn parts(answer: &str) -> (u16, serde_json::Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// Makes large tasks until one is refused; gives the titles that were answered, and the refusal.
async fn fill(process: &Process) -> (usize, (u16, serde_json::Value)) {
    let description = "x".repeat(4_000);
    for made in 0..2_000 {
        let body = format!("{{\"title\":\"task {made}\",\"description\":\"{description}\"}}");
        let (status, answer) = parts(&post(process, &body).await);
        if status != 201 {
            return (made, (status, answer));
        }
    }
    panic!("the disk never was full");
}

/// The story of a full disk: refused with its code, nothing half written, reading works, the probes tell it, and
/// all is well again once `make_room` was called.
async fn a_full_disk(process: Process, file: &Path, codes: &[&str], make_room: impl FnOnce()) {
    let (made, (status, problem)) = fill(&process).await;
    assert!(made > 0, "the first one was refused");
    assert!(codes.contains(&problem["code"].as_str().unwrap()), "{problem}");
    assert!(matches!(status, 503 | 507), "{status}");
    assert!(problem["detail"].as_str().unwrap().contains("nothing was changed"), "{problem}");
    let (status, _) = parts(&get(&process, "/tasks").await);
    assert_eq!(status, 200, "reading works");
    let (status, health) = parts(&process.get("/health").await);
    assert_eq!((status, &health["checks"]["database"]), (503, &"unhealthy".into()));
    assert_eq!(parts(&process.get("/ready").await).0, 503);
    assert_eq!(parts(&process.get("/live").await).0, 200);

    make_room();
    assert_eq!(parts(&process.get("/ready").await).0, 200);
    assert_eq!(parts(&process.get("/health").await).0, 200);
    make_task(&process.address, "afterwards").await.unwrap();
    // Each that was answered, and nothing of those that were not.
    let expected = i64::try_from(made).unwrap() + 1;
    assert_eq!(count(file).await, (expected, expected));
}

/// A limit of the process's files, which root has too. The signal that goes with it is ignored, as on a full disk
/// there is none.
#[tokio::test]
async fn a_limit_of_the_files_size_is_told_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\"";
    let mut start = Command::new("sh");
    start.args(["-c", script, env!("CARGO_BIN_EXE_task")]);
    let process = start_as(start, folder.path()).await;
    let id = process.id().to_string();
    a_full_disk(process, &folder.path().join("data/task.db"), &["storage_failed", "storage_full"], || {
        let lifted = std::process::Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
        assert!(lifted.unwrap().success());
    })
    .await;
}

/// A disk of one megabyte in a name space of its own; the test sees it through the process's root.
#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        unshare
    };
    let mount = "mount -t tmpfs -o size=1m tmpfs data";
    let trial = unshare().arg(mount).current_dir(folder.path()).output().await;
    if !trial.as_ref().is_ok_and(|trial| trial.status.success()) {
        eprintln!("skipped: a disk of its own cannot be mounted here: {trial:?}");
        return;
    }
    let mut start = unshare();
    start.args([&format!("{mount} && exec \"$0\""), env!("CARGO_BIN_EXE_task")]);
    let process = start_as(start, folder.path()).await;
    let data = PathBuf::from(format!("/proc/{}/root", process.id()));
    let data = data.join(folder.path().strip_prefix("/").unwrap()).join("data");
    let ballast = data.join("ballast");
    fs::write(&ballast, vec![1; 256 * 1024]).unwrap();
    a_full_disk(process, &data.join("task.db"), &["storage_full"], || fs::remove_file(&ballast).unwrap()).await;
}

/// The first page stays, so that it opens; what the tasks' pages hold is nonsense.
#[tokio::test]
async fn damage_that_is_met_later_is_told_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/task.db");
    let mut process = start(folder.path(), &[]).await;
    make_task(&process.address, "a").await.unwrap();
    process.signal(15);
    assert_eq!(process.exit().await, Some(0));
    let database = Database::open(&DatabaseSettings::at(&file)).await.unwrap();
    let mut connection = database.read().await.unwrap();
    let query = "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE tbl_name = 'tasks'";
    let pages: Vec<(i64, i64)> = sqlx::query_as(query).fetch_all(&mut *connection).await.unwrap();
    drop(connection);
    database.close().await;
    let mut bytes = fs::read(&file).unwrap();
    for (page, size) in pages.into_iter().filter(|(page, _)| *page > 1) {
        let (from, size) = (usize::try_from((page - 1) * size).unwrap(), usize::try_from(size).unwrap());
        bytes[from..from + size].fill(0x5a);
    }
    fs::write(&file, bytes).unwrap();

    let mut process = start(folder.path(), &[]).await;
    assert_eq!(parts(&process.get("/ready").await).0, 200, "nobody has met it yet");
    for answer in [get(&process, "/tasks").await, post(&process, "{\"title\":\"b\"}").await] {
        let (status, problem) = parts(&answer);
        assert_eq!((status, &problem["code"]), (500, &"storage_corrupt".into()), "{problem}");
        assert!(!problem.to_string().contains("malformed"), "the cause is for the log: {problem}");
    }
    assert_eq!(parts(&process.get("/ready").await).0, 503);
    let log = process.line_with("storage_corrupt").await;
    assert!(log.contains("malformed") && log.contains("restore it from a backup"), "{log}");
}
