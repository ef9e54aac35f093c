use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn outcome(endpoint: usize, due: u64, ended: u64, end: End) -> Outcome {
    Outcome { endpoint: Some(endpoint), due: ms(due), waited: Duration::ZERO, ended: ms(ended), end }
}

fn record(outcomes: Vec<Outcome>) -> Record {
    let mut record = Record::new(&["GET /a".into(), "GET /b".into()], SECOND);
    for outcome in outcomes {
        record.due(outcome.due, outcome.due);
        record.add(outcome);
    }
    record.finish(Duration::ZERO);
    record
}

#[test]
fn a_latency_counts_from_when_the_step_was_due() {
    let late = Outcome { waited: ms(800), ..outcome(0, 100, 1000, End::Right(200)) };
    let record = record(vec![late]);
    assert!((899_000..901_000).contains(&record.endpoints[0].latencies.max()));
    assert!((799_000..801_000).contains(&record.waits.max()));
}

#[test]
fn every_end_is_counted_once() {
    let ends = vec![
        End::Right(200),
        End::Unexpected(404, "404: no_route".into()),
        End::ServerError(503, "503: overloaded".into()),
        End::Limited(Some("\"default\";q=100;w=60".into())),
        End::Limited(None),
        End::Unanswered(Silence::Timeout),
        End::Unanswered(Silence::Connect),
    ];
    let record = record(ends.into_iter().map(|end| outcome(1, 0, 10, end)).collect());
    let tally = &record.endpoints[1];
    assert_eq!((tally.count(), tally.wrong()), (7, 4));
    assert_eq!((tally.right, tally.unexpected, tally.server_errors), (1, 1, 1));
    assert_eq!((tally.limited, tally.unanswered), (2, 2));
    assert_eq!(tally.statuses, BTreeMap::from([(200, 1), (404, 1), (429, 2), (503, 1)]));
    assert_eq!(record.policy.as_deref(), Some("\"default\";q=100;w=60"));
    // Neither the limit's answers nor the connection that never was.
    assert_eq!(tally.latencies.len(), 4);
    assert_eq!((record.total.count(), record.endpoints[0].count()), (7, 0));
    assert_eq!(record.complaints.values().sum::<u64>(), 4);
}

#[test]
fn answers_stand_in_the_interval_in_which_they_came() {
    let right = || End::Right(200);
    let record = record(vec![
        outcome(0, 0, 100, right()),
        outcome(0, 500, 2600, right()),
        outcome(1, 700, 2700, End::Limited(None)),
        outcome(1, 800, 2900, End::Unanswered(Silence::Broken)),
    ]);
    let points = record.total.series.points();
    assert_eq!(
        points.iter().map(|point| (point.right, point.limited, point.wrong)).collect::<Vec<_>>(),
        [(1, 0, 0), (0, 0, 0), (1, 1, 1)]
    );
    assert_eq!(points[1].latencies, None);
    assert!((2_080_000..=2_120_000).contains(&points[2].latencies.unwrap().p99));
    assert_eq!(record.due, [4, 0, 0]);
    assert_eq!(record.endpoints[0].series.points().len(), 3);
}

#[test]
fn complaints_are_bounded() {
    let all = (0..100).map(|each| outcome(0, 0, 1, End::Unexpected(400, format!("400: {each}"))));
    assert_eq!(record(all.collect()).complaints.len(), MAX_COMPLAINTS);
}

#[test]
fn intervals_suit_the_run() {
    let check = |seconds, rate, expected| {
        assert_eq!(interval(Duration::from_secs(seconds), rate), ms(expected), "{seconds} s at {rate}");
    };
    check(1, 100.0, 250);
    check(20, 5.0, 1000);
    check(20, 500.0, 250);
    check(60, 100.0, 500);
    check(600, 100.0, 5000);
    check(3600, 100.0, 30_000);
}
