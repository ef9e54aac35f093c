//! The counts as a table in Markdown, builds side by side.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::Case;

/// For each build, instructions a request, and how many more they are than with every rule off. A build without a
/// number (it does not know the rule) has a dash.
pub(super) fn text(builds: &[&str], rows: &[(Case, Vec<Option<f64>>)]) -> String {
    let mut table = Table::new();
    let headings = builds.iter().flat_map(|name| [(*name).to_owned(), "over off".to_owned()]);
    let headings: Vec<_> = ["instructions a request".to_owned()].into_iter().chain(headings).collect();
    table.load_style(presets::ASCII_MARKDOWN).set_header(headings);
    let off = rows.iter().find(|(case, _)| *case == Case::Off).map(|(_, counts)| counts.as_slice());
    for (case, counts) in rows {
        let mut cells = vec![Cell::new(case.name())];
        for (place, &count) in counts.iter().enumerate() {
            let off = off.and_then(|off| off.get(place).copied().flatten());
            let over = count.zip(off).filter(|_| !matches!(case, Case::Plain | Case::Off));
            cells.push(right(count.map(|count| format!("{count:.0}"))));
            cells.push(right(over.map(|(count, off)| format!("{:+.0}", count - off))));
        }
        table.add_row(cells);
    }
    table.to_string()
}

fn right(number: Option<String>) -> Cell {
    Cell::new(number.unwrap_or_else(|| "–".to_owned())).set_alignment(CellAlignment::Right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_adds() {
        let rows = [
            (Case::Plain, vec![Some(25_100.4), Some(25_100.0)]),
            (Case::Off, vec![Some(26_000.0), Some(26_010.0)]),
            (Case::Jwt, vec![None, Some(26_900.0)]),
        ];
        let text = text(&["before", "after"], &rows);
        let line = |start: &str| {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap();
            line.split('|').map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(line("| instr"), ["instructions a request", "before", "over off", "after", "over off"]);
        assert_eq!(line("| plain"), ["plain", "25100", "–", "25100", "–"]);
        assert_eq!(line("| jwt"), ["jwt (HS256, known)", "–", "–", "26900", "+890"]);
    }
}
