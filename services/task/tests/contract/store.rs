use events::Draft;
use events::task::{TaskCompleted, TaskCreated};
use kit::etag::ETag;
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::paging::PageRequest;
use task::application::ports::{StoreError, TaskFilter};
use task::domain::{Category, CategoryId, Description, TaskId, Title};
use uuid::Uuid;

use crate::support::{Service, at, details, name, owner, task};

const ALL: PageRequest = PageRequest { limit: 100, after: None };

pub(crate) async fn a_task_is_read_as_it_was_written(service: Service) {
    let owner = owner();
    let category = service.make_category(owner, "Home").await;
    let mut written = task(owner, "'); DROP TABLE tasks;--", None);
    service.insert(&written).await;
    assert_eq!(service.store.task(owner, written.id).await.unwrap(), Some(written.clone()));

    let mut anew = details("牛乳 🥛", Some(category.id));
    anew.description = Description::parse(format!("one\n\ttwo\r\n{}", "ä".repeat(9_000))).unwrap();
    assert!(written.revise(anew, at(2)) && written.complete(at(3)));
    let mut transaction = service.store.begin().await.unwrap();
    transaction.update_task(&written).await.unwrap();
    assert_eq!(transaction.task(owner, written.id).await.unwrap(), Some(written.clone()));
    transaction.commit().await.unwrap();
    assert_eq!(service.store.task(owner, written.id).await.unwrap(), Some(written.clone()));

    let mut transaction = service.store.begin().await.unwrap();
    transaction.delete_task(written.id).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(service.store.task(owner, written.id).await.unwrap(), None);
}

pub(crate) async fn nothing_of_another_owner_is_found(service: Service) {
    let (ada, eve) = (owner(), owner());
    let category = service.make_category(ada, "Home").await;
    let task = service.make(ada, details("a", Some(category.id))).await;
    assert_eq!(service.store.task(eve, task.id).await.unwrap(), None);
    assert_eq!(service.store.tasks(eve, TaskFilter::default(), ALL).await.unwrap(), []);
    let of_category = TaskFilter { category: Some(category.id), ..TaskFilter::default() };
    assert_eq!(service.store.tasks(eve, of_category, ALL).await.unwrap(), []);
    assert_eq!(service.store.categories(eve, ALL).await.unwrap(), []);
    let mut transaction = service.store.begin().await.unwrap();
    assert_eq!(transaction.task(eve, task.id).await.unwrap(), None);
    assert_eq!(transaction.category(eve, category.id).await.unwrap(), None);
    assert_eq!(transaction.category(ada, category.id).await.unwrap(), Some(category));
}

pub(crate) async fn what_is_not_committed_did_not_happen(service: Service) {
    let owner = owner();
    let task = task(owner, "a", None);
    let key = IdempotencyKey::new("ada", "POST /tasks", "k", b"{}");
    let answer = Answer::created("/tasks/7".to_owned(), &"made").with_etag(ETag(1));
    let created = TaskCreated { task_id: task.id.0, owner_id: owner.0, title: "a".into() };
    let mut transaction = service.store.begin().await.unwrap();
    assert_eq!(transaction.earlier(&key).await.unwrap(), None);
    transaction.insert_task(&task).await.unwrap();
    transaction.publish(&[Draft::from(&created)]).await.unwrap();
    transaction.remember(&key, &answer).await.unwrap();
    assert_eq!(service.store.task(owner, task.id).await.unwrap(), None, "seen before its commit");
    drop(transaction);

    assert_eq!(service.store.task(owner, task.id).await.unwrap(), None);
    assert_eq!(service.events().await, []);
    let mut transaction = service.store.begin().await.unwrap();
    assert_eq!(transaction.earlier(&key).await.unwrap(), None);
    transaction.remember(&key, &answer).await.unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = service.store.begin().await.unwrap();
    assert_eq!(transaction.earlier(&key).await.unwrap(), Some(Earlier::Answered(answer)));
}

pub(crate) async fn category_names_are_unique_for_each_owner(service: Service) {
    let (ada, eve) = (owner(), owner());
    service.make_category(ada, "Home").await;
    service.make_category(eve, "Home").await;
    service.make_category(ada, "home").await;
    let mut transaction = service.store.begin().await.unwrap();
    let again = Category { id: CategoryId(Uuid::now_v7()), owner: ada, name: name("Home") };
    let again = transaction.insert_category(&again).await;
    assert!(matches!(again, Err(StoreError::CategoryNameTaken)), "{again:?}");
    drop(transaction);

    // What else a row can break is no taken name, and its text quotes no value.
    let mut transaction = service.store.begin().await.unwrap();
    let orphan = transaction.insert_task(&task(ada, "secret title", Some(CategoryId(Uuid::now_v7())))).await;
    match orphan {
        Err(StoreError::Failed(text)) => assert!(!text.contains("secret"), "{text}"),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_change_and_its_event_are_one_transaction(service: Service) {
    let owner = owner();
    let task = service.make(owner, details("a", None)).await;
    service.application.update_task(owner, task.id, details("b", None), |_| true).await.unwrap();
    service.application.update_task(owner, task.id, details("b", None), |_| true).await.unwrap();
    service.application.complete_task(owner, task.id, |_| true).await.unwrap();
    service.application.complete_task(owner, task.id, |_| true).await.unwrap();
    assert!(service.application.complete_task(owner, TaskId(Uuid::now_v7()), |_| true).await.is_err());

    let events = service.events().await;
    let told: Vec<_> = events.iter().map(|event| (event.event_type.as_str(), event.data["title"].as_str())).collect();
    let expected = [("TaskCreated", Some("a")), ("TaskUpdated", Some("b")), ("TaskCompleted", Some("b"))];
    assert_eq!(told, expected);
    for event in &events {
        assert_eq!((event.service_name.as_str(), event.aggregate_type.as_str()), ("task", "task"));
        assert_eq!(event.aggregate_id, task.id.to_string());
    }
    let completed: TaskCompleted = events[2].read().unwrap();
    assert_eq!((completed.task_id, completed.owner_id), (task.id.0, owner.0));
}

pub(crate) async fn a_category_is_emptied_in_portions(service: Service) {
    let owner = owner();
    let (home, work) = (service.make_category(owner, "Home").await, service.make_category(owner, "Work").await);
    let mut inside = Vec::new();
    for n in 0..5 {
        inside.push(service.make(owner, details(&format!("t{n}"), Some(home.id))).await);
    }
    let other = service.make(owner, details("other", Some(work.id))).await;
    let mut transaction = service.store.begin().await.unwrap();
    let mut taken = Vec::new();
    for expected in [2, 2, 1, 0] {
        let some = transaction.empty_category(home.id, at(9), 2).await.unwrap();
        assert_eq!(some.len(), expected);
        taken.extend(some);
    }
    transaction.delete_category(home.id).await.unwrap();
    transaction.commit().await.unwrap();
    taken.sort_unstable_by_key(|(id, _)| *id);
    let expected: Vec<(TaskId, Title)> = inside.iter().map(|task| (task.id, task.details.title.clone())).collect();
    assert_eq!(taken, expected);
    let after = service.store.task(owner, inside[0].id).await.unwrap().unwrap();
    assert_eq!((after.details.category, after.version, after.updated_at), (None, 2, at(9)));
    assert_eq!(service.store.task(owner, other.id).await.unwrap(), Some(other));
    assert_eq!(service.store.categories(owner, ALL).await.unwrap(), [work]);
}

pub(crate) async fn lists_are_in_order_filtered_and_from_the_cursor(service: Service) {
    let owner = owner();
    let home = service.make_category(owner, "Home").await.id;
    let mut ids = Vec::new();
    for n in 0..6 {
        let mut task = task(owner, &format!("t{n}"), (n >= 3).then_some(home));
        if n % 2 == 0 {
            task.complete(at(2));
        }
        service.insert(&task).await;
        ids.push(task.id);
    }
    let list = async |completed, category, limit, after: Option<TaskId>| {
        let page = PageRequest { limit, after: after.map(|id| id.0) };
        let tasks = service.store.tasks(owner, TaskFilter { completed, category }, page).await.unwrap();
        tasks.into_iter().map(|task| task.id).collect::<Vec<_>>()
    };
    // One more than the limit is how a page knows that there is a next.
    assert_eq!(list(None, None, 2, None).await, ids[..3]);
    assert_eq!(list(None, None, 2, Some(ids[1])).await, ids[2..5]);
    assert_eq!(list(None, None, 100, Some(ids[5])).await, []);
    assert_eq!(list(Some(true), None, 100, None).await, [ids[0], ids[2], ids[4]]);
    assert_eq!(list(Some(false), None, 100, Some(ids[1])).await, [ids[3], ids[5]]);
    assert_eq!(list(None, Some(home), 1, None).await, [ids[3], ids[4]]);
    assert_eq!(list(Some(false), Some(home), 100, Some(ids[3])).await, [ids[5]]);
    let mut names = Vec::new();
    for n in 0..3 {
        names.push(service.make_category(owner, &format!("c{n}")).await);
    }
    let page = PageRequest { limit: 2, after: Some(home.0) };
    assert_eq!(service.store.categories(owner, page).await.unwrap(), names);
}
