use std::time::Duration;

use super::*;
use crate::record::{End, Outcome};

fn record(ends: Vec<End>) -> Record {
    let mut record = Record::new(&["GET /a".into()], Duration::from_secs(1));
    for end in ends {
        let at = Duration::from_millis(10);
        record.add(Outcome { endpoint: Some(0), due: at, waited: Duration::ZERO, ended: at * 2, end });
    }
    record.finish(Duration::ZERO);
    record
}

#[test]
fn a_run_fails_by_what_was_asked_for() {
    use FailOn::{Limited, Never, ServerError, Unanswered, Unexpected};
    let all = [ServerError, Unexpected, Limited, Unanswered];
    let check = |end: &End, class: FailOn| {
        let record = record(vec![End::Right(200), end.clone()]);
        assert_eq!(failures(&record, &all).len(), 1, "{end:?}");
        assert_eq!(failures(&record, &[class]).len(), 1, "{end:?}");
        let others: Vec<_> = all.into_iter().filter(|each| *each != class).collect();
        assert!(failures(&record, &others).is_empty(), "{end:?}");
        assert!(failures(&record, &[class, Never]).is_empty(), "{end:?}");
    };
    check(&End::ServerError(500, String::new()), ServerError);
    check(&End::Unexpected(404, String::new()), Unexpected);
    check(&End::Limited(None), Limited);
    check(&End::Unanswered(Silence::Timeout), Unanswered);
    assert!(failures(&record(vec![End::Right(200)]), &all).is_empty());
    assert_eq!(failures(&record(vec![]), &all), ["nothing was asked"]);
}

#[test]
fn the_limits_own_words_are_explained() {
    let hint = limited(&record(vec![End::Limited(Some("\"default\";q=100;w=60".into()))])).unwrap();
    for part in ["429", "100 requests in 60 s", "--rate 1.66.", "[rate_limit]"] {
        assert!(hint.contains(part), "{hint}");
    }
    assert!(limited(&record(vec![End::Limited(None)])).unwrap().contains("100 requests a minute"));
    assert_eq!(limited(&record(vec![End::Right(200)])), None);
}

#[test]
fn policies() {
    assert_eq!(policy("\"default\";q=100;w=60"), Some((100, 60)));
    assert_eq!(policy("\"a\"; q=5; w=1, \"b\";q=9;w=60"), Some((5, 1)));
    assert_eq!(policy("\"a\";q=5"), None);
}
