use std::{sync::Arc, time::Duration};

use xtask::options::Arrivals;

use super::*;
use crate::{
    mix::Mix,
    record::{End, Outcome},
};

fn plan() -> Plan {
    Plan {
        url: "http://127.0.0.1:8000".parse().unwrap(),
        mix: Arc::new(Mix::story()),
        users: 2,
        rate: 10.0,
        ramp: Duration::ZERO,
        duration: Duration::from_secs(4),
        arrivals: Arrivals::Poisson,
        seed: 1,
        timeout: Duration::from_secs(1),
    }
}

/// A page of answers that came at these milliseconds, each after 10 ms.
fn page(ended: &[u64]) -> String {
    let mut record = Record::new(&["GET /a".into(), "GET /never".into()], Duration::from_secs(1));
    for at in ended.iter().copied().map(Duration::from_millis) {
        let due = at.saturating_sub(Duration::from_millis(10));
        record.due(due, due);
        record.add(Outcome { endpoint: Some(0), due, waited: Duration::ZERO, ended: at, end: End::Right(200) });
    }
    record.finish(Duration::from_secs(4));
    render(&Page { plan: &plan(), mix: "<mix>", record: &record, failures: &[], hints: &[] })
}

#[test]
fn a_line_breaks_where_nothing_came() {
    let page = page(&[100, 1100, 3100]);
    let path = page.lines().find(|line| line.contains("class=\"line p50\"")).unwrap();
    let points = path.split('"').nth(3).unwrap();
    // Two in a row, a gap, and one alone, which is a dot.
    assert_eq!(points.matches('M').count(), 2, "{points}");
    assert_eq!(points.matches('L').count(), 1, "{points}");
    assert!(points.ends_with("h0"), "{points}");
}

#[test]
fn an_empty_run_has_a_page() {
    let page = page(&[]);
    assert!(page.contains("Passed") && page.contains("&lt;mix&gt;"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

#[test]
fn an_endpoint_that_was_not_asked_has_no_section() {
    let page = page(&[100]);
    assert!(page.contains("<section id=\"e0\">") && !page.contains("<section id=\"e1\">"));
    assert!(page.contains("<tr><th>GET /never</th>"));
}
