//! The configuration files that README.md and docs show, given to the real program.
use std::fs;

use e2e::{Run, write_file};

/// The fenced block after the mark `<!-- test: NAME -->` of README.md.
fn block(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(path).expect("README.md at the root of the workspace");
    let mark = format!("<!-- test: {name} -->\n```");
    let (_, rest) = readme.split_once(&mark).unwrap_or_else(|| panic!("README.md has no block marked {name}"));
    let (_, rest) = rest.split_once('\n').expect("the line with the block's language");
    rest.split_once("\n```").expect("the block's end").0.to_owned()
}

#[test]
fn the_file_with_every_key_is_sound() {
    let (folder, _) = write_file(&block("sound"));
    let run = Run::of(folder.path(), &["check"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
}

#[test]
fn the_faulty_file_is_told_as_shown() {
    let (folder, _) = write_file(&block("faulty"));
    let run = Run::of(folder.path(), &["check"]);
    let lines = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(lines(run.stderr.trim_end()), lines(&block("faults")));
}

/// A block of TOML in docs is a whole file.
#[test]
fn the_files_of_the_documentation_are_sound() {
    let pages =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).expect("docs at the root of the workspace");
    let mut shown = 0;
    for page in pages {
        let page = page.unwrap().path();
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("\n```toml\n").skip(1) {
            let (block, _) = block.split_once("\n```").expect("the block's end");
            let (folder, _) = write_file(block);
            let run = Run::of(folder.path(), &["check"]);
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}\n{block}", page.display());
            shown += 1;
        }
    }
    assert!(shown > 1, "the blocks are not where this test looks");
}
