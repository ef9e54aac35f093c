//! Two or more at the same time come out as if one ran after the other.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use kit::idempotency::{Answer, Done, IdempotencyKey, Once};
use kit::paging::PageRequest;
use task::application::Error;
use task::application::ports::TaskFilter;
use task::domain::Task;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{Service, details, name, no_answer, owner};

/// How many try.
const MANY: usize = 12;

/// Runs `attempt` for each number below [`MANY`] at the same time; gives what came of each.
async fn at_once<T, F>(attempt: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(MANY));
    let mut attempts = JoinSet::new();
    for n in 0..MANY {
        let (attempt, start) = (attempt(n), Arc::clone(&start));
        attempts.spawn(async move {
            start.wait().await;
            attempt.await
        });
    }
    attempts.join_all().await
}

pub(crate) async fn a_task_that_many_complete_at_once_has_one_event(service: Service) {
    let owner = owner();
    let task = service.make(owner, details("a", None)).await;
    let answers = at_once(|_| {
        let (application, id) = (Arc::clone(&service.application), task.id);
        async move { application.complete_task(owner, id, |_| true).await.unwrap() }
    });
    let answers = answers.await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].version, 2);
    assert_eq!(service.count("TaskCompleted").await, 1);

    // And with the transactions in the test's own hands: both have begun before either completes.
    let task = service.make(owner, details("b", None)).await;
    let complete = || async {
        let mut transaction = service.store.begin().await.unwrap();
        let mut task = transaction.task(owner, task.id).await.unwrap().unwrap();
        tokio::task::yield_now().await;
        let first = task.complete(kit::Clock::now(&kit::SystemClock));
        if first {
            transaction.update_task(&task).await.unwrap();
        }
        transaction.commit().await.unwrap();
        usize::from(first)
    };
    let (one, other) = tokio::join!(complete(), complete());
    assert_eq!(one + other, 1);
}

pub(crate) async fn a_key_that_many_send_at_once_makes_one_task(service: Service) {
    let owner = owner();
    let render: fn(&Task) -> Answer = |task| Answer::json(StatusCode::CREATED, &task.id.to_string());
    let answers = at_once(|n| {
        let application = Arc::clone(&service.application);
        // The last one sends the key with another body.
        let body: &[u8] = if n == MANY - 1 { b"{ }" } else { b"{}" };
        let key = IdempotencyKey::new(&owner.to_string(), "POST /tasks", "k", body);
        let once = Once { key: Some(key), render };
        async move { application.create_task(owner, details("a", None), once).await }
    });
    let (mut ids, mut made, mut reused) = (Vec::new(), 0, 0);
    for answer in answers.await {
        match answer {
            Ok(Done::Now(task)) => {
                made += 1;
                ids.push(render(&task).body);
            }
            Ok(Done::Before(answer)) => ids.push(answer.body),
            Err(Error::KeyReused) => reused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "each got the same answer");
    assert_eq!(made, 1);
    assert!(reused == 1 || reused == MANY - 1, "{reused}");
    let all = PageRequest { limit: 100, after: None };
    assert_eq!(service.store.tasks(owner, TaskFilter::default(), all).await.unwrap().len(), 1);
    assert_eq!(service.count("TaskCreated").await, 1);
}

pub(crate) async fn of_many_categories_of_one_name_one_is_made(service: Service) {
    let owner = owner();
    let answers = at_once(|_| {
        let application = Arc::clone(&service.application);
        async move { application.create_category(owner, name("Home"), Once::unkeyed(no_answer)).await }
    });
    let answers = answers.await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    let taken = answers.iter().filter(|answer| matches!(answer, Err(Error::CategoryNameTaken))).count();
    assert_eq!((made, taken), (1, MANY - 1), "{answers:?}");
}

/// Optimistic concurrency: of many that all read version 1 one writes.
pub(crate) async fn a_version_is_changed_once(service: Service) {
    let owner = owner();
    let task = service.make(owner, details("a", None)).await;
    let answers = at_once(|n| {
        let (application, id) = (Arc::clone(&service.application), task.id);
        let details = details(&format!("by {n}"), None);
        async move { application.update_task(owner, id, details, |version| version == 1).await }
    });
    let answers = answers.await;
    let stale = answers.iter().filter(|answer| matches!(answer, Err(Error::VersionMismatch))).count();
    assert_eq!(stale, MANY - 1, "{answers:?}");
    let written = answers.into_iter().find_map(Result::ok);
    assert_eq!(service.store.task(owner, task.id).await.unwrap(), written);
    assert_eq!(service.count("TaskUpdated").await, 1);
}

/// Neither waits for the other for ever, and no task keeps a category that is gone.
pub(crate) async fn a_category_is_deleted_while_tasks_are_put_into_it(service: Service) {
    let owner = owner();
    for _ in 0..10 {
        let home = service.make_category(owner, "Home").await.id;
        let work = service.make_category(owner, "Work").await.id;
        let task = service.make(owner, details("a", Some(home))).await.id;
        let outcomes = at_once(|n| {
            let application = Arc::clone(&service.application);
            async move {
                match n {
                    0 => application.delete_category(owner, home).await.map(|()| None),
                    n if n % 3 == 0 => {
                        let made = application.create_task(owner, details("b", Some(home)), Once::unkeyed(no_answer));
                        made.await.map(|_| None)
                    }
                    n => {
                        let category = if n % 3 == 1 { home } else { work };
                        let details = details(&format!("by {n}"), Some(category));
                        application.update_task(owner, task, details, |_| true).await.map(Some)
                    }
                }
            }
        });
        let mut categories = HashMap::from([(Task::FIRST_VERSION, Some(home))]);
        for outcome in outcomes.await {
            match outcome {
                Ok(Some(task)) => assert_eq!(categories.insert(task.version, task.details.category), None),
                Ok(None) | Err(Error::CategoryUnknown) => {}
                Err(error) => panic!("{error}"),
            }
        }
        // A version that no update wrote is the deletion's: it was in that category just before.
        let last = service.store.task(owner, task).await.unwrap().unwrap().version;
        for version in (2..=last).filter(|version| !categories.contains_key(version)) {
            assert_eq!(categories.get(&(version - 1)), Some(&Some(home)), "version {version}");
        }
        let inside = TaskFilter { category: Some(home), ..TaskFilter::default() };
        let all = PageRequest { limit: 100, after: None };
        assert_eq!(service.store.tasks(owner, inside, all).await.unwrap(), []);
        service.application.delete_category(owner, work).await.unwrap();
    }
}
