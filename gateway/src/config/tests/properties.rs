//! What holds for every text.
use proptest::prelude::*;
use toml::de::{DeTable, DeValue};

use super::{EVERY_KEY, faulty, parse};
use crate::config::Style;

/// Texts that look enough like the file to get past its first line.
fn almost_toml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[\\[\\]{}=,.\"'#\\\\\n\r\t ]",
        4 => "[a-zé日\u{1b}0-9$]{0,4}",
        4 => prop::sample::select(EVERY_KEY.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()),
        2 => prop::sample::select(vec!["${", "}", "://", "@", "password = ", "\"\"\"", "1s", "http://a"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Each key of the file that is not the operator's own name: its place in the text.
fn keys(table: &DeTable<'_>, own_names: bool, found: &mut Vec<std::ops::Range<usize>>) {
    for (key, value) in table {
        if !own_names {
            found.push(key.span());
        }
        let names_follow =
            matches!(key.get_ref().as_ref(), "services" | "set" | "add" | "headers" | "query" | "claims");
        // `headers` of `limits` is a number, so nothing follows it.
        walk(value.get_ref(), names_follow, found);
    }
}

fn walk(value: &DeValue<'_>, own_names: bool, found: &mut Vec<std::ops::Range<usize>>) {
    match value {
        DeValue::Table(table) => keys(table, own_names, found),
        DeValue::Array(list) => list.iter().for_each(|one| walk(one.get_ref(), false, found)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), almost_toml()]) {
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.list().is_empty());
            let lines = text.split('\n').count();
            prop_assert!(faults.list().iter().all(|fault| fault.line <= lines && fault.column >= 1));
            let shown = faults.render(Style::Plain);
            prop_assert!(!shown.contains('\u{1b}'), "{shown}");
            prop_assert!(!shown.contains("Failed to read contents"), "{shown}");
        }
    }

    #[test]
    fn every_misspelt_key_is_unknown(pick in any::<prop::sample::Index>(), letter in "[a-z]") {
        let document = DeTable::parse(EVERY_KEY).expect("it is TOML");
        let mut places = Vec::new();
        keys(document.get_ref(), false, &mut places);
        let place = &places[pick.index(places.len())];
        let mut text = EVERY_KEY.to_owned();
        text.insert_str(place.end, &format!("q{letter}"));
        let faults = faulty(&text);
        let is_it = |fault: &crate::config::Fault| {
            fault.code == "unknown_key" && fault.message.contains(&text[place.start..place.end + 2])
        };
        prop_assert!(faults.list().iter().any(is_it), "{faults}");
    }
}
