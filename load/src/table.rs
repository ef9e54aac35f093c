//! The result as a table: an endpoint a line, and all together below.

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};

use crate::{
    record::{Record, Tally},
    units::{count, latency, rate},
};

const HEADER: [&str; 10] = ["endpoint", "count", "/s", "p50", "p90", "p99", "p99.9", "max", "statuses", "errors"];

/// The table. Endpoints that were not asked have a line too, so that a gap in the story is seen.
pub fn table(record: &Record) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(HEADER.iter().enumerate().map(|(place, name)| aligned(place, (*name).to_owned())));
    for tally in record.endpoints.iter().chain([&record.total]) {
        let cells = cells(record, tally).into_iter();
        table.add_row(cells.enumerate().map(|(place, text)| aligned(place, text)));
    }
    table
}

/// One line's texts, in the order of the columns.
pub fn cells(record: &Record, tally: &Tally) -> [String; 10] {
    let at = |quantile: f64| {
        let latencies = &tally.latencies;
        if latencies.is_empty() {
            "–".to_owned()
        } else {
            // The histogram's bucket may end above what was in it.
            latency(latencies.value_at_quantile(quantile).min(latencies.max()))
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
    let each_second = tally.count() as f64 / record.elapsed.as_secs_f64().max(f64::EPSILON);
    let statuses = tally.statuses.iter().map(|(status, number)| format!("{status} ×{}", count(*number)));
    [
        tally.name.clone(),
        count(tally.count()),
        rate(each_second),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0),
        statuses.collect::<Vec<_>>().join(", "),
        if tally.wrong() == 0 { "–".to_owned() } else { count(tally.wrong()) },
    ]
}

fn aligned(column: usize, text: String) -> Cell {
    let left = matches!(HEADER[column], "endpoint" | "statuses");
    Cell::new(text).set_alignment(if left { CellAlignment::Left } else { CellAlignment::Right })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        client::Silence,
        record::{End, Outcome},
    };

    #[test]
    fn a_histogram_becomes_a_line() {
        let mut record = Record::new(&["GET /a".into(), "GET /b".into()], Duration::from_secs(1));
        for milliseconds in 1..=1000 {
            let due = Duration::from_millis(milliseconds);
            let end = match milliseconds {
                1000 => End::Unanswered(Silence::Timeout),
                999 => End::Limited(None),
                _ => End::Right(200),
            };
            record.add(Outcome { endpoint: Some(0), due, waited: Duration::ZERO, ended: due * 2, end });
        }
        record.finish(Duration::from_secs(10));
        let cells = cells(&record, &record.endpoints[0]);
        let percentiles = ["500 ms", "900 ms", "990 ms", "1.00 s", "1.00 s"];
        assert_eq!(cells[..3], ["GET /a", "1,000", "100"]);
        assert_eq!(cells[3..8], percentiles);
        assert_eq!(cells[8..], ["200 ×998, 429 ×1", "1"]);

        let text = table(&record).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[0].contains("p99.9") && lines[1].contains("────"), "{text}");
        assert!(lines[3].contains("GET /b") && lines[3].contains('–'), "{text}");
        assert!(lines[4].contains("all") && lines[4].contains("1,000"), "{text}");
    }
}
