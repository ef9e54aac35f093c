use serde_json::{Value, json};

use crate::support::{ADA, EVE, NOBODY, Service};

#[tokio::test]
async fn a_category_is_made_listed_and_deleted() {
    let service = Service::start().await;
    let made = service.post(ADA, "/categories", json!({ "name": " Home " })).await.is(201);
    let id = made.text("id");
    assert_eq!(made.body, json!({ "id": id, "name": "Home" }));
    assert_eq!(made.header("location"), format!("/categories/{id}"));
    let other = service.category(ADA, "Work").await;
    let page = service.get(ADA, "/categories?limit=1").await.is(200);
    assert_eq!(page.items(), [made.body]);
    let rest = format!("/categories?limit=1&cursor={}", page.text("next_cursor"));
    let rest = service.get(ADA, &rest).await.is(200);
    assert_eq!((rest.items()[0]["id"].as_str(), &rest.body["next_cursor"]), (Some(other.as_str()), &Value::Null));
    service.delete(ADA, &format!("/categories/{id}")).await.is(204);
    service.delete(ADA, &format!("/categories/{id}")).await.fails(404, "category_not_found");
    assert_eq!(service.get(ADA, "/categories").await.items().len(), 1);
}

#[tokio::test]
async fn a_name_is_unique_among_its_owners_categories() {
    let service = Service::start().await;
    let home = service.category(ADA, "Home").await;
    service.post(ADA, "/categories", json!({ "name": "Home " })).await.fails(409, "category_name_taken");
    service.category(EVE, "Home").await;
    service.delete(ADA, &format!("/categories/{home}")).await.is(204);
    service.category(ADA, "Home").await;
    for bad in [json!({}), json!({ "name": "" }), json!({ "name": "a\0" }), json!({ "name": "x".repeat(101) })] {
        service.post(ADA, "/categories", bad).await.names(&["name"]);
    }
}

#[tokio::test]
async fn anothers_category_is_as_if_it_were_not_there() {
    let service = Service::start().await;
    let home = service.category(ADA, "Home").await;
    assert_eq!(service.get(EVE, "/categories").await.is(200).items(), Vec::<Value>::new());
    for id in [home.as_str(), NOBODY, "7"] {
        service.delete(EVE, &format!("/categories/{id}")).await.fails(404, "category_not_found");
    }
    // Nor can a task be put into it: the answer is that for one which nobody has.
    let eves = service.task(EVE, "a").await;
    for id in [home.as_str(), NOBODY] {
        let body = json!({ "title": "a", "category_id": id });
        let made = service.post(EVE, "/tasks", body.clone()).await;
        let changed = service.put(EVE, &eves, body).await;
        for answer in [made, changed] {
            answer.names(&["category_id"]);
            assert_eq!(answer.body["errors"][0]["message"], "must be the id of one of your categories, or null");
        }
    }
    assert_eq!(service.get(EVE, "/tasks").await.items().len(), 1);
    service.post(ADA, "/tasks", json!({ "title": "a", "category_id": home })).await.is(201);
}

#[tokio::test]
async fn a_deleted_categorys_tasks_stay_without_one() {
    let service = Service::start().await;
    let (home, work) = (service.category(ADA, "Home").await, service.category(ADA, "Work").await);
    let make = async |category: &str| {
        let body = json!({ "title": "a", "category_id": category });
        service.post(ADA, "/tasks", body).await.is(201).header("location")
    };
    let (inside, outside) = (make(&home).await, make(&work).await);
    service.clock.advance(60);
    service.delete(ADA, &format!("/categories/{home}")).await.is(204);
    let inside = service.get(ADA, &inside).await.is(200);
    assert_eq!(inside.body["category_id"], Value::Null);
    // It shows something else than before: a change from the version before must not hold.
    assert_eq!((inside.header("etag"), inside.text("updated_at")), ("\"2\"".into(), "2026-01-15T10:31:00.25Z".into()));
    let outside = service.get(ADA, &outside).await.is(200);
    assert_eq!((outside.header("etag"), outside.text("category_id")), ("\"1\"".into(), work));
}
