//! Diagnostics as people and programs get them.
use std::{fs, path::Path};

use serde_json::json;

use super::{SERVICE, faulty};
use crate::config::{Config, FaultsKind, Style};

#[test]
fn faults_are_drawn_with_their_lines() {
    let shown = faulty(include_str!("rendering.toml")).render(Style::Plain);
    assert_eq!(shown, include_str!("rendering.txt"), "\n{shown}");
}

#[test]
fn colours_are_a_matter_of_style() {
    let faults = faulty("");
    assert!(!faults.render(Style::Plain).contains('\u{1b}'));
    assert!(faults.render(Style::Color).contains('\u{1b}'));
}

#[test]
fn programs_get_an_array() {
    let faults = faulty(&format!("sever = \"é\"{SERVICE}"));
    let expected = json!([{
        "code": "unknown_key",
        "message": "unknown key `sever` in the file",
        "file": "gateway.toml",
        "line": 1,
        "column": 1,
        "help": "did you mean `server`?",
    }]);
    assert_eq!(faults.to_json(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_one_fault() {
    let folder = std::env::temp_dir().join(format!("gateway-config-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let check = |path: &Path, kind, code| {
        let faults = Config::load(path).err().unwrap();
        assert_eq!((faults.kind(), faults.list()[0].code), (kind, code));
        assert!(faults.to_string().contains(&path.display().to_string()));
    };
    check(&folder.join("none.toml"), FaultsKind::Missing, "file_missing");
    check(&folder, FaultsKind::Unreadable, "file_unreadable");
    let file = folder.join("gateway.toml");
    fs::write(&file, b"# \xc3\xa9\n# \xff").unwrap();
    check(&file, FaultsKind::Unreadable, "not_utf8");
    let faults = Config::load(&file).err().unwrap();
    assert_eq!((faults.list()[0].line, faults.list()[0].column), (2, 3));
    fs::write(&file, SERVICE).unwrap();
    let config = Config::load(&file).unwrap();
    assert_eq!(config.file, file);
    fs::remove_dir_all(&folder).unwrap();
}
