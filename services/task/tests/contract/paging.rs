//! Whoever pages through a list while others add to it and take from it sees each item that was there
//! throughout, once and in order.

use std::collections::{BTreeSet, HashSet};

use kit::paging::PageRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use task::application::ports::TaskFilter;
use task::domain::TaskId;

use crate::support::{self, Service, owner, task};

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Change {
    /// A new task, at the end.
    Insert,
    /// One of those that are there is removed: the place is taken modulo their number.
    Delete(usize),
}

#[derive(Debug, Clone)]
struct Script {
    /// Tasks before the first page.
    before: usize,
    limit: u32,
    /// What happens after each page; nothing after those that it has no changes for.
    between: Vec<Vec<Change>>,
}

fn script() -> impl Strategy<Value = Script> {
    let change = prop_oneof![Just(Change::Insert), any::<usize>().prop_map(Change::Delete)];
    let between = vec(vec(change, 0..4), 0..8);
    (0..14_usize, 1..5_u32, between).prop_map(|(before, limit, between)| Script { before, limit, between })
}

/// Plays it on a list that nobody had before; gives what is wrong.
async fn play(service: &Service, script: Script) -> Result<(), TestCaseError> {
    let owner = owner();
    let mut there: Vec<TaskId> = Vec::new();
    let mut removed = HashSet::new();
    let add = async |there: &mut Vec<TaskId>| {
        let task = task(owner, "a", None);
        service.insert(&task).await;
        there.push(task.id);
    };
    for _ in 0..script.before {
        add(&mut there).await;
    }
    let at_first: BTreeSet<TaskId> = there.iter().copied().collect();
    let (mut seen, mut after) = (Vec::new(), None);
    let mut between = script.between.into_iter();
    loop {
        let request = PageRequest { limit: script.limit, after };
        let tasks = service.store.tasks(owner, TaskFilter::default(), request).await.unwrap();
        let page = request.page(tasks, |task| task.id.0);
        prop_assert!(page.items.len() <= script.limit as usize);
        seen.extend(page.items.iter().map(|task| task.id));
        if page.next_cursor.is_none() {
            break;
        }
        after = page.items.last().map(|task| task.id.0);
        for change in between.next().unwrap_or_default() {
            match change {
                Change::Insert => add(&mut there).await,
                Change::Delete(place) if !there.is_empty() => {
                    let id = there.remove(place % there.len());
                    service.application.delete_task(owner, id, |_| true).await.unwrap();
                    removed.insert(id);
                }
                Change::Delete(_) => {}
            }
        }
    }
    prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "twice or out of order: {seen:?}");
    let throughout = at_first.iter().filter(|id| !removed.contains(id));
    let skipped: Vec<_> = throughout.filter(|id| !seen.contains(id)).collect();
    prop_assert!(skipped.is_empty(), "skipped: {skipped:?}");
    Ok(())
}

fn check(runtime: &tokio::runtime::Runtime, service: &Service, cases: u32) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&script(), |script| runtime.block_on(play(service, script)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn paging_neither_repeats_nor_skips_on_sqlite() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(support::sqlite());
    check(&runtime, &service, 64);
}

#[test]
fn paging_neither_repeats_nor_skips_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(service) = runtime.block_on(support::postgres()) {
        check(&runtime, &service, 64);
    }
}
