//! What README.md says is what the code says. `.ci/run` runs its session and its files; this needs nothing running.

use std::{fs, iter};

use xtask::workspace;

fn read(path: &str) -> String {
    let path = workspace::root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A module's file, and all those of its folder.
fn sources(module: &str) -> Vec<String> {
    let folder = fs::read_dir(workspace::root().join(module)).unwrap_or_else(|error| panic!("{module}: {error}"));
    let files = folder.map(|file| file.expect("a folder that can be listed").file_name().into_string().expect("UTF-8"));
    let inner = files.map(|file| read(&format!("{module}/{file}")));
    iter::once(read(&format!("{module}.rs"))).chain(inner).collect()
}

/// The text between `begin` and the next `end`.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{begin} has gone"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end} has gone")).0
}

#[test]
fn the_session_that_up_prints_is_in_the_readme() {
    let (readme, up) = (read("README.md"), read("xtask/src/up/session.rs"));
    let session = between(&up, "r#\"", "\"#;");
    for line in session.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(readme.lines().any(|shown| shown == line), "README.md does not have {line}");
    }
}

#[test]
fn every_error_code_is_in_the_table_and_no_other() {
    let (readme, rejections) = (read("README.md"), read("gateway/src/rejection/code.rs"));
    let codes = between(&rejections, "\ncodes! {\n", "\n}\n");
    let codes: Vec<&str> = codes.lines().filter_map(|line| Some(line.trim().split_once(':')?.0)).collect();
    let table = between(&readme, "## Error codes", "\n## ");
    let shown: Vec<&str> =
        table.lines().filter_map(|line| line.split('`').nth(1).filter(|_| line.starts_with("| "))).collect();
    assert!(codes.len() > 10, "the codes are not where this test looks");
    for code in &codes {
        assert!(shown.contains(code), "README.md does not explain {code}");
    }
    for code in &shown {
        assert!(codes.contains(code), "README.md explains {code}, which the gateway does not have");
    }
}

#[test]
fn every_setting_of_the_user_service_is_in_the_table_with_its_default() {
    let readme = read("README.md");
    let mut settings = 0;
    for source in ["services/user/src/settings.rs", "services/kit/src/settings/common.rs"] {
        for setting in read(source).split("SettingDoc {").filter(|text| text.contains("name: \"")) {
            let name = between(setting, "name: \"", "\"");
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("README.md does not have {name}")).replace('`', "");
            let default = between(setting, "default: \"", "\"");
            assert!(row.contains(default), "README.md does not say that {name} is {default} by default");
            settings += 1;
        }
    }
    assert!(settings > 10, "the settings are not where this test looks");
}

#[test]
fn every_key_of_the_file_is_shown() {
    let readme = read("README.md");
    let shown = between(&readme, "<!-- test: sound -->", "\n```\n");
    let words: Vec<&str> = shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let mut keys = 0;
    for raw in sources("gateway/src/config/raw") {
        for table in raw.split("\ntable! {").skip(1) {
            let table = between(table, "{\n", "\n    }\n}");
            for line in table.lines().filter(|line| !line.trim_start().starts_with(['/', '#'])) {
                let key = line.trim().split(':').next().unwrap().trim_start_matches("r#");
                assert!(words.contains(&key), "README.md does not show {key}");
                keys += 1;
            }
        }
    }
    assert!(keys > 150, "the keys are not where this test looks");
}
